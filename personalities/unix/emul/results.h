/* emul_errno and emul_result (emul.h) are in errno.c; here the variants that files need. */
#ifndef EMUL_RESULTS_H
#define EMUL_RESULTS_H

/* -errno, with `interrupted` for a wait that a signal ended. */
long errno_result(int kr, long interrupted);

#endif
