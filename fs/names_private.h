/* What the two halves of names.h have in common.  The volume's lock is held. */
#ifndef FS_NAMES_PRIVATE_H
#define FS_NAMES_PRIVATE_H

#include "names.h"

/* The name is `ino` in the directory from now on; 0: it is gone. */
void names_remember(struct node *directory, const struct name *name, uint64_t ino);

/* May entries of the directory be changed? */
int names_check_change(const struct context *context, const struct node *directory) CHECKED;

/* The error of a walk that ended outside, for those who want a name inside. */
int names_check_inside(const struct walk *walk) CHECKED;

#endif
