/* Absolute paths against the mount table, and other arithmetic of paths. */
#include <string.h>

#include "mount_path.h"

static int lies_in(const char *path, uint32_t length, const char *mount, uint32_t mount_length)
{
	return mount_length <= length && memcmp(path, mount, mount_length) == 0 &&
	       (mount_length == length || path[mount_length] == '/');
}

uint32_t mount_path_length(const struct emul_mount *mount)
{
	uint32_t length = 0;

	while (length < sizeof mount->path && mount->path[length] != '\0')
		length++;
	return length;
}

int mount_path_find(const struct emul_mount *mounts, unsigned count, const char *path,
	uint32_t length, uint32_t *rest)
{
	int best = -1;

	*rest = 0;
	for (unsigned i = 0; i < count; i++) {
		uint32_t mount_length;

		/* Most differ in the first letter. */
		if (mounts[i].id == 0 || (length > 1 && mounts[i].path[1] != path[1]))
			continue;
		mount_length = mount_path_length(&mounts[i]);
		if (mount_length > *rest && lies_in(path, length, mounts[i].path, mount_length)) {
			best = (int)i;
			*rest = mount_length;
		}
	}
	return best;
}

/* Skip to behind the next space on the line; the length of the word. */
static uint32_t take_word(const char **at, const char *end)
{
	const char *start = *at;
	uint32_t length;

	while (*at < end && **at != ' ')
		(*at)++;
	length = (uint32_t)(*at - start);
	if (*at < end)
		(*at)++;
	return length;
}

static int parse_line(const char *line, const char *end, struct emul_mount *mount)
{
	const char *word = line;
	uint32_t length = take_word(&line, end);
	uint32_t id = 0;

	if (length == 0 || length > 9)
		return 0;
	for (uint32_t i = 0; i < length; i++) {
		if (word[i] < '0' || word[i] > '9')
			return 0;
		id = id * 10 + (uint32_t)(word[i] - '0');
	}
	word = line;
	length = take_word(&line, end);
	if (id == 0 || length < 2 || length >= sizeof mount->path || word[0] != '/')
		return 0;
	mount->id = id;
	memset(mount->path, 0, sizeof mount->path);
	memcpy(mount->path, word, length);
	return 1;
}

unsigned mount_path_parse(
	const char *table, uint32_t size, struct emul_mount *mounts, unsigned count)
{
	const char *end = table + size;
	unsigned found = 0;

	while (table < end) {
		const char *line_end = table;

		while (line_end < end && *line_end != '\n')
			line_end++;
		if (found < count && parse_line(table, line_end, &mounts[found]))
			found++;
		table = line_end < end ? line_end + 1 : end;
	}
	for (unsigned i = found; i < count; i++)
		mounts[i].id = 0;
	return found;
}

uint32_t mount_path_prepend(
	char *path, uint32_t length, uint32_t size, const char *prefix, uint32_t prefix_length)
{
	uint32_t skip = 0;

	while (skip < length && path[skip] == '/')
		skip++;
	length -= skip;
	if (prefix_length + 1 > size || length > size - prefix_length - 1)
		return 0;
	memmove(path + prefix_length + 1, path + skip, length);
	memcpy(path, prefix, prefix_length);
	path[prefix_length] = '/';
	return prefix_length + 1 + length;
}

uint32_t mount_path_parent(const char *path, uint32_t length)
{
	while (length > 0 && path[length - 1] != '/')
		length--;
	return length > 0 ? length - 1 : 0;
}

uint32_t mount_path_tidy(char *path, uint32_t length)
{
	uint32_t to = 0, from = 0;

	while (from < length) {
		uint32_t next;

		while (from < length && path[from] == '/')
			from++;
		next = from;
		while (next < length && path[next] != '/')
			next++;
		if (next > from && !(next - from == 1 && path[from] == '.')) {
			path[to++] = '/';
			memmove(path + to, path + from, next - from);
			to += next - from;
		}
		from = next;
	}
	if (to == 0)
		path[to++] = '/';
	return to;
}

/* `text` at path + *at: move over it. */
static int skip_text(const char *path, uint32_t length, uint32_t *at, const char *text)
{
	uint32_t n = (uint32_t)strlen(text);

	if (n > length - *at || memcmp(path + *at, text, n) != 0)
		return 0;
	*at += n;
	return 1;
}

/* A decimal number below 10^7 at path + *at; -1 if there is none. */
static int skip_number(const char *path, uint32_t length, uint32_t *at)
{
	uint32_t start = *at;
	int number = 0;

	while (*at < length && *at - start < 7 && path[*at] >= '0' && path[*at] <= '9')
		number = number * 10 + (path[(*at)++] - '0');
	return *at > start ? number : -1;
}

/* What follows the directory of descriptors: nothing, a slash, or a slash and a number. */
static int descriptor_at(const char *path, uint32_t length, uint32_t at)
{
	int number;

	if (at == length || (at == length - 1 && path[at] == '/'))
		return MOUNT_PATH_ALL_DESCRIPTORS;
	if (path[at++] != '/')
		return -1;
	number = skip_number(path, length, &at);
	return at == length ? number : -1;
}

/* Is `name` the next component?  Then move over it. */
static int skip_component(const char *path, uint32_t length, uint32_t *at, const char *name)
{
	uint32_t start = *at;

	if (skip_text(path, length, at, name) && (*at == length || path[*at] == '/'))
		return 1;
	*at = start;
	return 0;
}

int mount_path_own_in_proc(const char *path, uint32_t length, int pid, uint32_t *rest)
{
	uint32_t at = 0;

	while (at < length && path[at] == '/')
		at++;
	if (!skip_text(path, length, &at, "self") && skip_number(path, length, &at) != pid)
		return MOUNT_PATH_OTHER;
	if (skip_text(path, length, &at, "/fd"))
		return descriptor_at(path, length, at);
	*rest = at;
	if (skip_component(path, length, rest, "/cwd"))
		return MOUNT_PATH_CWD;
	if (skip_component(path, length, rest, "/root"))
		return MOUNT_PATH_ROOT;
	return MOUNT_PATH_OTHER;
}

int mount_path_own(const char *path, uint32_t length, int pid, uint32_t *rest)
{
	uint32_t at = 0;
	int own;

	if (length < 2 || (path[1] != 'p' && path[1] != 'd'))
		return MOUNT_PATH_OTHER;
	if (skip_text(path, length, &at, "/proc/")) {
		own = mount_path_own_in_proc(path + at, length - at, pid, rest);
		*rest += at;
		return own;
	}
	/* /dev/fd itself is a symbolic link. */
	if (skip_text(path, length, &at, "/dev/fd") && at < length)
		return descriptor_at(path, length, at);
	return MOUNT_PATH_OTHER;
}

int mount_path_number(const char *path, uint32_t length)
{
	uint32_t at = 0;
	int number = skip_number(path, length, &at);

	if (length == 1 && path[0] == '.')
		return MOUNT_PATH_ALL_DESCRIPTORS;
	return at == length ? number : -1;
}
