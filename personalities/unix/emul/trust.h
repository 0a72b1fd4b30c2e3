/* How long an answer of a server stands: until this process makes another call, in which it
 * could learn that things have changed, and at most TRUST_NS.  So only a change that another process
 * made at most that long ago, and told of through shared memory, can be missed. */
#ifndef EMUL_TRUST_H
#define EMUL_TRUST_H

#include "emul.h"

#define TRUST_NS 10000000u

/* Counts the calls after which nothing stands any more. */
extern volatile uint32_t trust_epoch;

struct trust {
	uint32_t epoch;
	uint64_t since_ns;
};

/* For an answer that a request got which is made after this. */
static inline struct trust trust_begin(void)
{
	return (struct trust){ trust_epoch, emul_now_ns() };
}

static inline int trust_holds(const struct trust *trust)
{
	return trust->epoch == trust_epoch && emul_now_ns() - trust->since_ns < TRUST_NS;
}

/* After every system call: those that only read or move positions tell nothing new, or have
 * counted themselves. */
static inline void trust_after_call(uint32_t number)
{
	enum { READ = 3, LSEEK = 19, LLSEEK = 140, READV = 145, PREAD = 180, PREADV = 333 };

	if (number != READ && number != PREAD && number != LLSEEK && number != LSEEK &&
		number != READV && number != PREADV)
		trust_epoch++;
}

#endif
