/* The undo log of a volume: what its changes since the last commit have overwritten.  It lies in the arena; whoever finds it not
 * empty rolls it back, and then everything is as it was at the last commit.  Pure; the volume's lock guards it.
 *
 * A commit comes with the release of the lock.  Each change of kept memory is noted before it is made, except in objects that
 * were allocated since the last commit: after a roll-back nothing leads to them. */
#ifndef FS_UNDO_H
#define FS_UNDO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "checked.h"

struct undo;

/* An empty log in the arena; NULL: no memory. */
struct undo *undo_create(struct arena *arena) CHECKED;
void undo_destroy(struct undo *undo);

/* The log of the last owner, found at `undo`: checked, marked and rolled back.  False: it cannot be. */
bool undo_recover(struct undo *undo, struct arena *arena) CHECKED;

/* Memory that survives: of the arena, or (undo is NULL) of the heap, where nothing is noted.  Zeros; NULL: no memory. */
void *undo_alloc(struct undo *undo, size_t size) CHECKED;
/* The same with whatever was there. */
void *undo_take(struct undo *undo, size_t size) CHECKED;
/* It can be had again only after the next commit. */
void undo_free(struct undo *undo, void *object, size_t size);
/* At the next commit. */
void undo_later(
	struct undo *undo, void (*function)(void *owner, void *object), void *owner, void *object);

/* `size` bytes at `place` are going to be changed. */
void undo_note(struct undo *undo, void *place, size_t size);
#define UNDO_NOTE(undo, lvalue) undo_note(undo, &(lvalue), sizeof(lvalue))

struct arena *undo_arena(const struct undo *undo);

/* A number that no other time between two commits has. */
uint32_t undo_serial(const struct undo *undo);

/* From here on what was changed stays so. */
void undo_commit(struct undo *undo);

#endif
