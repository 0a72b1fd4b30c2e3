#include "view.h"

#include "boot.h"
#include "file.h"
#include "file_name.h"

struct emul_view emul_view __attribute__((visibility("default")));

static struct emul_lock view_lock; /* of the mappings; nothing is locked inside */

void view_add_thread(uint32_t id, mach_port_t port)
{
	for (unsigned i = 0; i < EMUL_VIEW_THREADS; i++) {
		if (emul_view.threads[i].id == 0) {
			emul_view.threads[i].port = port;
			emul_view.threads[i].id = id;
			return;
		}
	}
}

void view_remove_thread(uint32_t id)
{
	for (unsigned i = 0; i < EMUL_VIEW_THREADS; i++)
		if (emul_view.threads[i].id == id)
			emul_view.threads[i].id = 0;
}

void view_only_thread(uint32_t id, mach_port_t port)
{
	/* Written only where it changes: every page touched here is copied. */
	for (unsigned i = 1; i < EMUL_VIEW_THREADS; i++)
		if (emul_view.threads[i].id != 0)
			emul_view.threads[i].id = 0;
	emul_view.threads[0].port = port;
	emul_view.threads[0].id = id;
}

/* Lock held.  NULL: there is no room; then /proc shows no name. */
static struct emul_view_mapping *find_free(void)
{
	for (unsigned i = 0; i < EMUL_VIEW_MAPPINGS; i++)
		if (emul_view.mappings[i].end == 0)
			return &emul_view.mappings[i];
	return NULL;
}

/* Lock held.  What is left of a mapping on both sides of the range. */
static void cut(struct emul_view_mapping *m, uint32_t start, uint32_t end)
{
	const uint32_t old_end = m->end;
	struct emul_view_mapping *rest;

	if (m->start < start) {
		m->end = start;
		rest = end < old_end ? find_free() : NULL;
		if (rest == NULL)
			return;
		*rest = *m;
	} else {
		m->end = 0;
		rest = end < old_end ? m : NULL;
		if (rest == NULL)
			return;
	}
	rest->offset += end - rest->start;
	rest->start = end;
	rest->end = old_end;
}

/* Lock held. */
static void cut_all(uint32_t start, uint32_t end)
{
	for (unsigned i = 0; i < EMUL_VIEW_MAPPINGS; i++)
		if (emul_view.mappings[i].start < end && start < emul_view.mappings[i].end)
			cut(&emul_view.mappings[i], start, end);
}

void view_cut(uint32_t start, uint32_t end)
{
	emul_lock(&view_lock);
	cut_all(start, end);
	emul_unlock(&view_lock);
}

void view_map(uint32_t start, uint32_t end, uint32_t offset, struct emul_file *file)
{
	struct emul_view_mapping *m;
	char name[MASIX_PATH_MAX];
	long length = file_name_get(file, name, sizeof name);

	if (length <= 0 || (uint32_t)length >= sizeof m->name)
		return;
	emul_lock(&view_lock);
	cut_all(start, end);
	m = find_free();
	if (m != NULL) {
		m->start = start;
		m->offset = offset;
		m->dev = (uint32_t)file->stat.dev;
		m->ino = file->stat.ino;
		memcpy(m->name, name, (uint32_t)length + 1);
		m->end = end;
	}
	emul_unlock(&view_lock);
}

int view_find(uint32_t at, struct emul_view_mapping *found)
{
	int is_there = 0;

	emul_lock(&view_lock);
	for (unsigned i = 0; i < EMUL_VIEW_MAPPINGS && !is_there; i++) {
		const struct emul_view_mapping *m = &emul_view.mappings[i];

		is_there = m->start <= at && at < m->end;
		if (is_there)
			*found = *m;
	}
	emul_unlock(&view_lock);
	return is_there;
}

uint32_t view_next(uint32_t start, uint32_t end)
{
	emul_lock(&view_lock);
	for (unsigned i = 0; i < EMUL_VIEW_MAPPINGS; i++) {
		const struct emul_view_mapping *m = &emul_view.mappings[i];

		if (m->end != 0 && m->start > start && m->start < end)
			end = m->start;
	}
	emul_unlock(&view_lock);
	return end;
}

void view_move(uint32_t from, uint32_t to, uint32_t size, uint32_t offset)
{
	struct emul_view_mapping moved, *m;

	if (!view_find(from, &moved))
		return;
	emul_lock(&view_lock);
	cut_all(to, to + size);
	m = find_free();
	if (m != NULL) {
		moved.offset = offset;
		moved.start = to;
		moved.end = to + size;
		*m = moved;
	}
	emul_unlock(&view_lock);
}

void view_clear(void)
{
	for (unsigned i = 0; i < EMUL_VIEW_MAPPINGS; i++)
		if (emul_view.mappings[i].end != 0)
			emul_view.mappings[i].end = 0;
}

void view_fork_child(void)
{
	view_lock.word = 0;
}
