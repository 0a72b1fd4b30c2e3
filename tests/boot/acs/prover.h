/* What the test asks of the prover, as the amount of counter_add; the answer is the total. */
#ifndef PROVER_H
#define PROVER_H

#define PROVER_AUTHENTICATE 1 /* itself to acs_boot/gate: 0 or the error */
#define PROVER_USE 2	      /* what it got: the counter's total, or -1 */
#define PROVER_GREED 3	      /* ask for all rights: how many it got, of ACS and of the kernel */
#define PROVER_FORBIDDEN                                                                           \
	4 /* a ticket for a name that its manifest does not resolve: 0 or the error */

#endif
