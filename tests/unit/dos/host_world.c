#include "host_world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "psp.h"
#include "search.h"

static int error_now(void)
{
	switch (errno) {
	case ENOENT:
		return DOS_E_FILE;
	case ENOTDIR:
		return DOS_E_PATH;
	case EEXIST:
		return DOS_E_EXISTS;
	default:
		return DOS_E_ACCESS;
	}
}

static int stream_read(void *context, int stream, void *to, unsigned n)
{
	struct host *h = context;
	size_t left = strlen(h->input);

	if (stream != 0)
		return -1;
	if (n > left)
		n = (unsigned)left;
	memcpy(to, h->input, n);
	h->input += n;
	return (int)n;
}

static int stream_write(void *context, int stream, const void *from, unsigned n)
{
	struct host *h = context;

	(void)stream;
	if (n > sizeof(h->output) - 1)
		abort();
	if (n > sizeof(h->output) - 1 - h->output_size)
		h->output_size = 0; /* nobody looks at so much */
	memcpy(h->output + h->output_size, from, n);
	h->output_size += n;
	h->output[h->output_size] = '\0';
	return (int)n;
}

static bool stream_is_terminal(void *context, int stream)
{
	(void)stream;
	return ((struct host *)context)->is_terminal;
}

static int key(void *context, bool wait)
{
	struct host *h = context;

	(void)wait;
	return *h->keys ? (uint8_t)*h->keys++ : -1;
}

static void show(void *context, const void *bytes, unsigned n)
{
	(void)stream_write(context, 1, bytes, n);
}

static void idle(void *context)
{
	struct host *h = context;

	h->idles++;
	h->now_ns += 55000000;
}

static int64_t now_ns(void *context)
{
	return ((struct host *)context)->now_ns;
}

static void log_line(void *context, const char *line)
{
	(void)context;
	(void)line;
}

static void convert(const struct stat *from, struct world_stat *to)
{
	to->is_directory = S_ISDIR(from->st_mode);
	to->is_file = S_ISREG(from->st_mode);
	to->is_writable = (from->st_mode & 0222) != 0;
	to->size = (uint32_t)from->st_size;
	to->mtime = from->st_mtime;
	to->inode = from->st_ino;
	to->device = (uint32_t)from->st_dev;
}

static int file_stat(void *context, int file, struct world_stat *stat)
{
	struct stat s;

	(void)context;
	if (fstat(file, &s) < 0)
		return error_now();
	convert(&s, stat);
	return DOS_OK;
}

static int do_open(
	void *context, const char *path, unsigned flags, int *file, struct world_stat *stat)
{
	int how = (flags & 3) == 3 ? O_RDWR : flags & WORLD_WRITE ? O_WRONLY : O_RDONLY;

	how |= flags & WORLD_CREATE ? O_CREAT : 0;
	how |= flags & WORLD_EXCLUSIVE ? O_EXCL : 0;
	how |= flags & WORLD_TRUNCATE ? O_TRUNC : 0;
	*file = open(path, how, 0644);
	return *file < 0 ? error_now() : file_stat(context, *file, stat);
}

static void do_close(void *context, int file)
{
	(void)context;
	close(file);
}

static int do_read(void *context, int file, uint32_t offset, void *to, uint32_t n, uint32_t *done)
{
	ssize_t got = pread(file, to, n, offset);

	(void)context;
	*done = got < 0 ? 0 : (uint32_t)got;
	return got < 0 ? error_now() : DOS_OK;
}

static int do_write(
	void *context, int file, uint32_t offset, const void *from, uint32_t n, uint32_t *done)
{
	ssize_t put = pwrite(file, from, n, offset);

	(void)context;
	*done = put < 0 ? 0 : (uint32_t)put;
	return put < 0 ? error_now() : DOS_OK;
}

static int set_size(void *context, int file, uint32_t size)
{
	(void)context;
	return ftruncate(file, size) < 0 ? error_now() : DOS_OK;
}

static int set_time(void *context, int file, int64_t mtime)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = mtime } };

	(void)context;
	return futimens(file, times) < 0 ? error_now() : DOS_OK;
}

static int do_sync(void *context, int file)
{
	(void)context;
	return fsync(file) < 0 ? error_now() : DOS_OK;
}

static int do_stat(void *context, const char *path, struct world_stat *stat_of)
{
	struct stat s;

	(void)context;
	if (stat(path, &s) < 0)
		return error_now();
	convert(&s, stat_of);
	return DOS_OK;
}

static int list(void *context, const char *path, bool (*each)(void *argument, const char *name),
	void *argument)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	bool more = true;

	(void)context;
	if (!dir)
		return error_now();
	while (more && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			more = each(argument, entry->d_name);
	closedir(dir);
	return DOS_OK;
}

static int make_directory(void *context, const char *path)
{
	(void)context;
	return mkdir(path, 0755) < 0 ? error_now() : DOS_OK;
}

static int do_remove(void *context, const char *path, bool directory)
{
	(void)context;
	return (directory ? rmdir(path) : unlink(path)) < 0 ? error_now() : DOS_OK;
}

static int do_rename(void *context, const char *from, const char *to)
{
	(void)context;
	return rename(from, to) < 0 ? error_now() : DOS_OK;
}

static int set_writable(void *context, const char *path, bool writable)
{
	(void)context;
	return chmod(path, writable ? 0644 : 0444) < 0 ? error_now() : DOS_OK;
}

static int space(void *context, const char *path, struct world_space *s)
{
	(void)context;
	(void)path;
	*s = (struct world_space){ 4096, 10000, 5000 };
	return DOS_OK;
}

static void *allocate(void *context, uint32_t size)
{
	(void)context;
	return calloc(1, size);
}

static void release(void *context, void *memory, uint32_t size)
{
	(void)context;
	(void)size;
	free(memory);
}

/* There is no other machine. */
static int share(void *context, unsigned slot, const struct world_stat *stat, uint8_t mode)
{
	(void)context;
	(void)slot;
	(void)stat;
	(void)mode;
	return DOS_OK;
}

static void unshare(void *context, unsigned slot)
{
	(void)context;
	(void)slot;
}

static int lock(void *context, unsigned slot, bool set, uint32_t start, uint32_t end)
{
	(void)context;
	(void)slot;
	(void)set;
	(void)start;
	(void)end;
	return DOS_OK;
}

static const struct world functions = { .stream_read = stream_read,
	.stream_write = stream_write,
	.stream_is_terminal = stream_is_terminal,
	.key = key,
	.show = show,
	.idle = idle,
	.now_ns = now_ns,
	.log = log_line,
	.open = do_open,
	.close = do_close,
	.read = do_read,
	.write = do_write,
	.set_size = set_size,
	.file_stat = file_stat,
	.set_time = set_time,
	.sync = do_sync,
	.share = share,
	.unshare = unshare,
	.lock = lock,
	.stat = do_stat,
	.list = list,
	.make_directory = make_directory,
	.remove = do_remove,
	.rename = do_rename,
	.set_writable = set_writable,
	.space = space,
	.allocate = allocate,
	.free = release };

static struct host *begin(bool terminal, const char *keys)
{
	struct host *h = calloc(1, sizeof(*h));

	if (!h)
		abort();
	h->world = functions;
	h->world.context = h;
	h->memory = calloc(1, GUEST_MEMORY);
	h->input = "";
	h->keys = keys;
	h->is_terminal = terminal;
	h->now_ns = 1000000000LL * 86400 * 10000; /* 1997-05-19 */
	strcpy(h->root, "/tmp/masix-dos-XXXXXX");
	if (!h->memory || !mkdtemp(h->root))
		abort();
	dos_init(&h->dos, h->memory, &h->world);
	h->dos.drives[2].is_there = true;
	strcpy(h->dos.drives[2].root, h->root);
	h->dos.drive = 2;
	return h;
}

struct host *host_begin(void)
{
	return begin(false, "");
}

struct host *host_begin_terminal(const char *keys)
{
	return begin(true, keys);
}

void host_end(struct host *h)
{
	char command[128];

	for (unsigned i = 0; i < DOS_FILES; i++)
		if (h->dos.files[i].kind == DOS_FILE_DISK)
			close(h->dos.files[i].file);
	search_end_all(&h->dos);
	snprintf(command, sizeof(command), "rm -rf %s", h->root);
	if (system(command) != 0)
		abort();
	free(h->memory);
	free(h);
}

static void path_of(const struct host *h, const char *name, char path[256])
{
	snprintf(path, 256, "%s/%s", h->root, name);
}

void host_put_file(struct host *h, const char *name, const void *data, size_t size)
{
	char path[256];
	FILE *f;

	path_of(h, name, path);
	f = fopen(path, "w");
	if (!f || (size && fwrite(data, size, 1, f) != 1) || fclose(f) != 0)
		abort();
}

size_t host_get_file(struct host *h, const char *name, void *data, size_t room)
{
	char path[256];
	FILE *f;
	size_t n;

	path_of(h, name, path);
	f = fopen(path, "r");
	if (!f)
		return (size_t)-1;
	n = fread(data, 1, room, f);
	fclose(f);
	return n;
}

void host_load(struct host *h)
{
	host_put_file(h, "test.com", "\xc3", 1);
	if (dos_run(&h->dos, "C:\\TEST.COM", " one two", "PATH=C:\\", 8) != DOS_OK)
		abort();
}

int host_call(struct host *h, uint16_t ax)
{
	h->dos.cpu.ax = ax;
	dos_interrupt(&h->dos, 0x21);
	return h->dos.cpu.flags & FLAG_CARRY ? h->dos.cpu.ax : 0;
}

uint8_t *host_at(struct host *h, uint16_t offset)
{
	return dos_at(&h->dos, h->dos.psp, offset);
}

uint16_t host_string(struct host *h, uint16_t offset, const char *text)
{
	h->dos.cpu.ds = h->dos.psp;
	strcpy((char *)host_at(h, offset), text);
	return offset;
}
