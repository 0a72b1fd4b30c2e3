/* Running programs. */
#ifndef EMUL_EXEC_H
#define EMUL_EXEC_H

/* Process 1: become `path` (in the library's memory). */
void exec_first(const char *path) __attribute__((noreturn));

#endif
