/* signalfd: signals that are read. */
#ifndef EMUL_SIGNALFD_H
#define EMUL_SIGNALFD_H

#include "cursor.h"
#include "file.h"

int signalfd_ready(struct emul_file *file);
long signalfd_read(struct emul_file *file, struct cursor *to, uint32_t n);
/* A signal was queued. */
void signalfd_arrived(void);

#endif
