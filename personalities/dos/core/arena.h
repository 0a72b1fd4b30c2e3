/* Memory below 640 KiB as DOS gives it away: a chain of blocks, each behind a memory control block (MCB) of 16 bytes in the
 * program's own memory: 'M' or 'Z' (the last), owner, paragraphs, name. */
#ifndef DOS_ARENA_H
#define DOS_ARENA_H

#include <stdint.h>

#include "guest.h"

struct arena {
	uint8_t *memory;
	uint16_t first;	   /* segment of the first MCB */
	uint16_t end;	   /* segment behind the last block */
	uint16_t strategy; /* INT 21h/58h: 0 first, 1 best, 2 last fit */
};

/* One free block from first to end. */
void arena_init(struct arena *arena, uint8_t *memory, uint16_t first, uint16_t end);

/* All return a DOS error code: DOS_E_ARENA if the chain is damaged, DOS_E_MEMORY, DOS_E_BLOCK.  `largest`: paragraphs that
 * could be had, set with DOS_E_MEMORY. */
int arena_allocate(struct arena *arena, uint16_t owner, uint16_t paragraphs, uint16_t *segment,
	uint16_t *largest);
int arena_free(struct arena *arena, uint16_t segment);
int arena_resize(struct arena *arena, uint16_t segment, uint16_t paragraphs, uint16_t *largest);
/* Everything that belongs to `owner`. */
int arena_free_all(struct arena *arena, uint16_t owner);
/* Give a block another owner and name (at most 8 characters; NULL: as it is). */
int arena_set_owner(struct arena *arena, uint16_t segment, uint16_t owner, const char *name);
/* Paragraphs of the block at `segment`; 0: none. */
uint16_t arena_size(const struct arena *arena, uint16_t segment);

#endif
