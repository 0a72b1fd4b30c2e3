/* By which name a regular file was opened, as far as that is worth remembering: for /proc/self/fd. */
#ifndef EMUL_FILE_NAME_H
#define EMUL_FILE_NAME_H

#include "file.h"

/* `path` is the program's, relative to the working directory or absolute; NULL: not known. */
void file_name_set(const struct emul_file *file, const char *path);
/* The absolute name, not terminated: its length, or -ENOENT. */
long file_name_get(const struct emul_file *file, char *out, uint32_t size);

/* The working directory is another one: names that were relative to it are lost. */
void file_name_new_directory(void);

#endif
