/* How long an answer of a server stands: until this process makes another call, in which it
 * could learn that things have changed, and at most TRUST_NS.  So only a change that another process
 * made at most that long ago, and told of through shared memory, can be missed. */
#ifndef EMUL_TRUST_H
#define EMUL_TRUST_H

#include "emul.h"

#define TRUST_NS 10000000u

/* Counts the calls after which nothing stands any more, and those among them by which this process
 * could learn something: all but its own writes to files. */
extern volatile uint32_t trust_epoch, trust_news;

struct trust {
	uint32_t epoch, news;
	uint64_t since_ns;
};

/* For an answer that a request got which is made after this. */
static inline struct trust trust_begin(void)
{
	return (struct trust){ trust_epoch, trust_news, emul_now_ns() };
}

static inline int trust_holds(const struct trust *trust)
{
	return trust->epoch == trust_epoch && emul_now_ns() - trust->since_ns < TRUST_NS;
}

/* For what this process's own writes do not change. */
static inline int trust_holds_but_for_writes(const struct trust *trust)
{
	return trust->news == trust_news && emul_now_ns() - trust->since_ns < TRUST_NS;
}

static inline void trust_end(void)
{
	trust_epoch++;
	trust_news++;
}

/* After every system call: those that only read, write or move positions tell nothing new, or have
 * counted themselves. */
static inline void trust_after_call(uint32_t number)
{
	switch (number) {
	case 3:	  /* read */
	case 4:	  /* write */
	case 19:  /* lseek */
	case 140: /* _llseek */
	case 145: /* readv */
	case 146: /* writev */
	case 180: /* pread64 */
	case 181: /* pwrite64 */
	case 333: /* preadv */
	case 334: /* pwritev */
		break;
	default:
		trust_end();
	}
}

#endif
