/* DOS as functions. */
#include "shell.h"

int error_level;

static int call(unsigned ax, unsigned bx, unsigned cx, char *dx, struct registers *r)
{
	r->ax = ax;
	r->bx = bx;
	r->cx = cx;
	r->dx = (unsigned)dx;
	r->si = r->di = 0;
	r->es = own_segment();
	return int21(r);
}

int dos_path_call(unsigned ax, char *path, unsigned cx)
{
	struct registers r;

	return call(ax, 0, cx, path, &r);
}

int dos_open(char *path, int mode, int *handle)
{
	struct registers r;
	int error = call(0x3d00 | mode, 0, 0, path, &r);

	*handle = r.ax;
	return error;
}

int dos_create(char *path, int *handle)
{
	struct registers r;
	int error = call(0x3c00, 0, 0, path, &r);

	*handle = r.ax;
	return error;
}

int dos_close(int handle)
{
	struct registers r;

	return call(0x3e00, handle, 0, 0, &r);
}

int dos_read(int handle, char *to, unsigned n)
{
	struct registers r;

	return call(0x3f00, handle, n, to, &r) ? -1 : r.ax;
}

int dos_write(int handle, char *from, unsigned n)
{
	struct registers r;

	return call(0x4000, handle, n, from, &r) ? -1 : r.ax;
}

int dos_seek(int handle, unsigned long to)
{
	struct registers r;

	return call(0x4200, handle, (unsigned)(to >> 16), (char *)(unsigned)to, &r);
}

int dos_duplicate(int handle, int *copy)
{
	struct registers r;
	int error = call(0x4500, handle, 0, 0, &r);

	*copy = r.ax;
	return error;
}

int dos_force(int handle, int to)
{
	struct registers r;

	return call(0x4600, handle, to, 0, &r);
}

int dos_is_device(int handle)
{
	struct registers r;

	return call(0x4400, handle, 0, 0, &r) == 0 && (r.dx & 0x80);
}

int dos_find(char *pattern, unsigned attributes, struct found *found)
{
	struct registers r;

	call(0x1a00, 0, 0, (char *)found, &r);
	return call(0x4e00, 0, attributes, pattern, &r);
}

int dos_find_next(struct found *found)
{
	struct registers r;

	call(0x1a00, 0, 0, (char *)found, &r);
	return call(0x4f00, 0, 0, 0, &r);
}

int dos_drive(void)
{
	struct registers r;

	call(0x1900, 0, 0, 0, &r);
	return r.ax & 0xff;
}

int dos_directory(int drive, char path[PATH_SIZE])
{
	struct registers r;

	path[0] = 'A' + drive;
	path[1] = ':';
	path[2] = '\\';
	r.ax = 0x4700;
	r.dx = drive + 1;
	r.si = (unsigned)(path + 3);
	r.es = own_segment();
	return int21(&r);
}

int dos_true_name(char *path, char full[128])
{
	struct registers r;

	r.ax = 0x6000;
	r.si = (unsigned)path;
	r.di = (unsigned)full;
	r.es = own_segment();
	return int21(&r);
}

static int attributes(char *path, unsigned *attribute)
{
	struct registers r;
	int error = call(0x4300, 0, 0, path, &r);

	*attribute = r.cx;
	return error;
}

int dos_is_directory(char *path)
{
	unsigned attribute, n = strlen(path);

	/* A root has no attributes. */
	if (n && (path[n - 1] == '\\' || path[n - 1] == '/' || path[n - 1] == ':'))
		return 1;
	return attributes(path, &attribute) == 0 && (attribute & ATTRIBUTE_DIRECTORY);
}

int dos_exists(char *path)
{
	struct found found;

	return dos_find(path, 0x07, &found) == 0;
}

void dos_vector(int number, unsigned segment, unsigned offset)
{
	static unsigned vector[2];

	vector[0] = offset;
	vector[1] = segment;
	/* Function 25h takes ds:dx, and ds is ours. */
	far_write(0, 4 * number, (char *)vector, 4);
}

int dos_exec(char *path, char *tail)
{
	static unsigned block[7];
	static char fcb[2][16];
	struct registers r;
	unsigned segment = own_segment(), i;
	int error;

	for (i = 0; i < 2; i++) {
		/* The first two words as file names. */
		memset(fcb[i], 0, 16);
		r.ax = 0x2901;
		r.si = (unsigned)(tail + 1);
		r.di = (unsigned)fcb[i];
		r.es = segment;
		int21(&r);
		if (i == 0) {
			char *s = tail + 1;

			while (is_blank(*s))
				s++;
			while (*s != '\r' && !is_blank(*s))
				s++;
			r.si = (unsigned)s;
		}
	}
	block[0] = 0;
	block[1] = (unsigned)tail;
	block[3] = (unsigned)fcb[0];
	block[5] = (unsigned)fcb[1];
	block[2] = block[4] = block[6] = segment;
	error = call(0x4b00, (unsigned)block, 0, path, &r);
	if (error)
		return error;
	call(0x4d00, 0, 0, 0, &r);
	error_level = r.ax & 0xff;
	if (r.ax >> 8 == 1) /* Ctrl-C ended it */
		broken();
	return 0;
}

void say(char *text)
{
	dos_write(1, text, strlen(text));
}

void say_line(char *text)
{
	say(text);
	say("\r\n");
}

void say_character(int c)
{
	char text = c;

	dos_write(1, &text, 1);
}

void say_number(unsigned long number, int width, int fill)
{
	char digits[12];
	int at = sizeof digits;

	digits[--at] = 0;
	do {
		digits[--at] = '0' + (int)(number % 10);
		number /= 10;
		width--;
	} while (number && at > 0);
	while (width-- > 0)
		say_character(fill);
	say(digits + at);
}

void say_error(int error)
{
	switch (error) {
	case ERROR_FILE:
	case 18:
		say_line("File not found");
		break;
	case ERROR_PATH:
		say_line("Path not found");
		break;
	case 4:
		say_line("Too many open files");
		break;
	case ERROR_ACCESS:
		say_line("Access denied");
		break;
	case 8:
		say_line("Insufficient memory");
		break;
	case 11:
		say_line("Error in EXE file");
		break;
	case 15:
		say_line("Invalid drive specification");
		break;
	case 32:
		say_line("Sharing violation");
		break;
	case 39:
		say_line("Insufficient disk space");
		break;
	default:
		say("Error ");
		say_number((unsigned long)error, 0, ' ');
		say_line("");
	}
}
