#include "pipe_queue.h"

#include <stdlib.h>
#include <string.h>

#ifndef UNIX_KEPT_MEMORY_H
#define plain_memcpy memcpy
#endif

/* Bytes in the pipe.  Small writes share a chunk of PIPE_PAGE bytes behind the record; large ones
 * keep the pages they came in. */
struct pipe_segment {
	struct pipe_segment *next;
	char *data;
	uint32_t length;
	uint32_t room; /* behind the data, for more; 0 for pages */
	bool paged;
	char chunk[];
};

static void segment_drop_first(struct pipe *p)
{
	struct pipe_segment *segment = p->first;

	p->first = segment->next;
	if (p->first == NULL)
		p->last = NULL;
	free(segment);
}

static void segment_append(struct pipe *p, struct pipe_segment *segment)
{
	segment->next = NULL;
	if (p->last != NULL)
		p->last->next = segment;
	else
		p->first = segment;
	p->last = segment;
}

uint32_t pipe_queue_bytes(struct pipe *p, const char *from, uint32_t length)
{
	uint32_t done = 0;

	while (done < length) {
		struct pipe_segment *last = p->last;

		if (last == NULL || last->room == 0) {
			last = malloc(sizeof(*last) + PIPE_PAGE);
			if (last == NULL)
				break;
			*last = (struct pipe_segment){ .room = PIPE_PAGE };
			last->data = last->chunk;
			segment_append(p, last);
		}
		uint32_t n = length - done < last->room ? length - done : last->room;

		plain_memcpy(last->data + last->length, from + done, n);
		last->length += n;
		last->room -= n;
		p->queued += n;
		done += n;
	}
	return done;
}

bool pipe_requeue_bytes(struct pipe *p, const char *from, uint32_t length)
{
	struct pipe_segment *segment = malloc(sizeof(*segment) + length);

	if (segment == NULL)
		return false;
	*segment = (struct pipe_segment){ .next = p->first, .length = length };
	segment->data = segment->chunk;
	memcpy(segment->chunk, from, length);
	p->first = segment;
	if (p->last == NULL)
		p->last = segment;
	p->queued += length;
	return true;
}

uint32_t pipe_queue_pages(struct pipe *p, struct pipe_span *span, uint32_t length)
{
	if (length < span->length) {
		uintptr_t end = ((uintptr_t)span->data + length) & ~(uintptr_t)(PIPE_PAGE - 1);

		if (end <= (uintptr_t)span->data)
			return 0;
		length = end - (uintptr_t)span->data;
	}
	struct pipe_segment *segment = malloc(sizeof(*segment));

	if (segment == NULL)
		return 0;
	*segment = (struct pipe_segment){ .data = span->data, .length = length, .paged = true };
	segment_append(p, segment);
	p->queued += length;
	span->data += length;
	span->length -= length;
	return length;
}

uint32_t pipe_take_bytes(struct pipe *p, char *to, uint32_t amount)
{
	uint32_t done = 0;

	while (done < amount && p->first != NULL) {
		struct pipe_segment *first = p->first;
		uint32_t n = amount - done < first->length ? amount - done : first->length;
		char *data = first->data;

		memcpy(to + done, data, n);
		first->data += n;
		first->length -= n;
		done += n;
		if (first->paged) {
			uintptr_t from = (uintptr_t)data & ~(uintptr_t)(PIPE_PAGE - 1);
			uintptr_t next = (uintptr_t)first->data & ~(uintptr_t)(PIPE_PAGE - 1);

			/* Give back the pages that are used up. */
			if (first->length == 0)
				p->memory->release(data, n);
			else if (next > from)
				p->memory->release((void *)from, next - from);
		}
		if (first->length == 0)
			segment_drop_first(p);
	}
	p->queued -= done;
	return done;
}

bool pipe_take_pages(struct pipe *p, uint32_t amount, struct pipe_span *span)
{
	const struct pipe_segment *first = p->first;

	if (!first->paged || first->length > amount)
		return false;
	span->data = first->data;
	span->length = first->length;
	p->queued -= first->length;
	segment_drop_first(p);
	return true;
}

void pipe_queue_free(struct pipe *p)
{
	while (p->first != NULL) {
		if (p->first->paged)
			p->memory->release(p->first->data, p->first->length);
		segment_drop_first(p);
	}
}
