/* eventfd and timerfd. */
#ifndef EMUL_EVENTS_H
#define EMUL_EVENTS_H

#include "file.h"

/* What fstat says of all files that nothing in a file system stands for. */
void events_stat(struct masix_stat *stat);

#endif
