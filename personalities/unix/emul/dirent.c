/* Directory entries in Linux's layouts. */
#include <asm/errno.h>
#include <stddef.h>
#include <string.h>

#include "dirent.h"

struct header64 { /* linux_dirent64; the name follows at 19 */
	uint64_t ino;
	int64_t next;
	uint16_t length;
	uint8_t type;
} __attribute__((packed));

struct header32 { /* linux_dirent; the name follows at 10, the type is the last byte */
	uint32_t ino;
	uint32_t next;
	uint16_t length;
} __attribute__((packed));

_Static_assert(sizeof(struct masix_dirent) == 20, "masix_dirent");
_Static_assert(sizeof(struct header64) == 19, "linux_dirent64");
_Static_assert(sizeof(struct header32) == 10, "linux_dirent");

/* The entry at `from`, checked against the `left` bytes that there are. */
static int take(const char *from, uint32_t left, struct masix_dirent *entry)
{
	if (left < sizeof *entry)
		return 0;
	memcpy(entry, from, sizeof *entry);
	return entry->length <= left && entry->length % 4 == 0 && entry->name_length > 0 &&
	       sizeof *entry + entry->name_length <= entry->length;
}

/* Write one entry; its length, 0 if there is no room, -EOVERFLOW. */
typedef int32_t put_entry(
	const struct masix_dirent *entry, const char *name, char *to, uint32_t room);

static int32_t put_64(const struct masix_dirent *entry, const char *name, char *to, uint32_t room)
{
	struct header64 header = { entry->ino, entry->next, 0, entry->type };
	uint32_t used = sizeof header + entry->name_length;
	uint32_t length = (used + 1 + 7) & ~7u;

	if (length > room)
		return 0;
	header.length = (uint16_t)length;
	memmove(to + sizeof header, name, entry->name_length);
	memcpy(to, &header, sizeof header);
	memset(to + used, 0, length - used);
	return (int32_t)length;
}

static int32_t put_32(const struct masix_dirent *entry, const char *name, char *to, uint32_t room)
{
	struct header32 header = { (uint32_t)entry->ino, (uint32_t)entry->next, 0 };
	uint32_t used = sizeof header + entry->name_length;
	uint32_t length = (used + 2 + 3) & ~3u;
	uint8_t type = entry->type;

	if (entry->ino > UINT32_MAX || entry->next > INT32_MAX)
		return -EOVERFLOW;
	if (length > room)
		return 0;
	header.length = (uint16_t)length;
	memmove(to + sizeof header, name, entry->name_length);
	memcpy(to, &header, sizeof header);
	memset(to + used, 0, length - used);
	to[length - 1] = (char)type;
	return (int32_t)length;
}

static int32_t convert(
	put_entry *put, const char *from, uint32_t size, char *to, uint32_t room, int64_t *next)
{
	uint32_t at = 0, done = 0;

	while (at < size) {
		struct masix_dirent entry;
		int32_t length;

		if (!take(from + at, size - at, &entry))
			return done > 0 ? (int32_t)done : -EIO;
		length = put(&entry, from + at + sizeof entry, to + done, room - done);
		if (length <= 0) {
			if (done > 0)
				break;
			return length < 0 ? length : -EINVAL;
		}
		done += (uint32_t)length;
		at += entry.length;
		*next = entry.next;
	}
	return (int32_t)done;
}

int32_t dirent_to_64(const char *from, uint32_t size, char *to, uint32_t room, int64_t *next)
{
	return convert(put_64, from, size, to, room, next);
}

int32_t dirent_to_32(const char *from, uint32_t size, char *to, uint32_t room, int64_t *next)
{
	return convert(put_32, from, size, to, room, next);
}
