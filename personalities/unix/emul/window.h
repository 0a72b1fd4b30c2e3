/* Reading regular files through mappings, with no message.
 *
 * The file server keeps one copy of a page for all who map or read it, so the bytes are always
 * the current ones; the size is not in the mapping. A size that was asked for counts until this process
 * makes any other call (in which it could learn that the file was cut), at most WINDOW_TRUST_NS. So a read
 * can only miss a cut that another process made at most that long ago and told of through shared memory;
 * it then gets the zeros that stand behind the new end. */
#ifndef EMUL_WINDOW_H
#define EMUL_WINDOW_H

#include "cursor.h"
#include "file.h"

#define WINDOW_TRUST_NS 10000000u

/* Bytes read at `offset` of a regular file; 0 or fewer than n where there is no mapping, or (once asked
 * for) should be none: the server must be asked then. */
uint32_t window_read(struct emul_file *file, struct cursor *to, uint32_t n, int64_t offset);

/* Counts the calls after which sizes must be asked for again. */
extern volatile uint32_t window_epoch;

/* After every system call: those that only read or move positions tell nothing new. */
static inline void window_after_call(uint32_t number)
{
	enum { READ = 3, LSEEK = 19, LLSEEK = 140, READV = 145, PREAD = 180, PREADV = 333 };

	if (number != READ && number != PREAD && number != LLSEEK && number != LSEEK && number != READV
		&& number != PREADV)
		window_epoch++;
}

/* In fork's child: it has no windows. */
void window_forget(void);

#endif
