/* The last act of a library whose process runs a set-ID program: another task goes on. */
#ifndef EMUL_PASS_H
#define EMUL_PASS_H

#include "program.h"
#include "takeover.h"

/* Would this program run with other ids than the process has now? */
int pass_is_needed(const struct exec *e);
/* Hand everything to the Unix server.  Returns only on failure: MASIX_E_PERMISSION if the program is to be
 * run as any other. */
kern_return_t pass_on(const struct exec *e);

/* The parts, by those who own the state: */
/* All files of descriptors that outlive exec, the descriptors, and the shared positions of other files:
 * with room for EMUL_FILES, FD_TABLE_SIZE and EMUL_FILES of them. */
void emul_files_pass(struct takeover *t, struct takeover_file *files,
	struct takeover_descriptor *descriptors, uint32_t *released);
void file_pass(const struct emul_file *file, struct takeover_file *to);
/* The shared positions of all files whose place (by file_index) is 0; their number. */
uint32_t file_shared_others(const uint16_t *places, uint32_t *positions);
/* With room for SIGNALS_QUEUE. */
void signals_pass(struct takeover *t, struct takeover_signal *queue);

#endif
