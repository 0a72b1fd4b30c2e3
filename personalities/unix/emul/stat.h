/* Attributes of open files. */
#ifndef EMUL_STAT_H
#define EMUL_STAT_H

#include "file.h"

/* What fstat says of a file (held): asked of its server, or remembered for devices. */
long stat_file(struct emul_file *file, struct masix_stat *stat);

/* May this process access a file with these attributes?  `want`: R_OK 4, W_OK 2, X_OK 1; by real
 * ids, or effective ones.  Pure but for emul_process. */
long stat_check_access(const struct masix_stat *stat, uint32_t want, int effective);

#endif
