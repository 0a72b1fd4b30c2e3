/* What the files of /proc say. */
#ifndef UNIX_PROCFS_TEXT_H
#define UNIX_PROCFS_TEXT_H

#include <stdbool.h>

#include "procfs_tree.h"
#include "text.h"

/* False: no such file. */
bool proc_system_text(enum proc_kind kind, struct text *text);

/* The same for /proc/net. */
bool proc_network_text(enum proc_kind kind, struct text *text);

/* As process `viewer` sees it.  False: the process is gone. */
bool proc_process_text(struct proc_node node, int viewer, struct text *text);

/* For struct proc_view: threads, as the process tells; one with the id of the process there always is. */
int proc_next_thread(int pid, int from);

/* The links of a process, for struct proc_view. */
uint32_t proc_process_link(struct proc_node node, char *to, uint32_t room);

/* May process `viewer` see more of `pid` than everybody does: its memory map, what its links point to? */
bool proc_may_inspect(int viewer, int pid);

/* The owner of a process's files.  False: it is gone. */
bool proc_process_owner(int pid, uint32_t *uid, uint32_t *gid, uint64_t *started_ns);

#endif
