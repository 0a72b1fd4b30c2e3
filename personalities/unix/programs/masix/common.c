/* What the commands share. */
#include <errno.h>
#include <fcntl.h>
#include <masix/client.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/types.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "mach.h"
#include "masix.h"
#include "subsystems.h"

#define FILE_MAX (64 << 20)
#define SUBSYSTEMS "/usr/lib/masix/subsystems"

void die(const struct options *options, const char *what, const char *format, ...)
{
	char why[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, sizeof why, format, arguments);
	va_end(arguments);
	if (options->json) {
		json_open();
		json_object();
		json_string("name", what);
		json_string("error", why);
		json_close();
	}
	fflush(stdout);
	fprintf(stderr, "masix: %.255s: %s\n", what, why);
	exit(STATUS_FAILED);
}

mach_port_t acs_port(const struct options *options)
{
	mach_port_t acs;
	kern_return_t kr = masix_client_acs(&acs);

	if (kr != KERN_SUCCESS)
		die(options, "acs", "cannot be reached: %s", masix_strerror(kr));
	return acs;
}

size_t name_length(const struct options *options, const char *name)
{
	size_t length = strlen(name);

	if (length > MASIX_NAME_MAX)
		die(options, "name", "%.40s... is too long", name);
	return length;
}

struct bytes read_file(const struct options *options, const char *path)
{
	struct bytes file = { NULL, 0 };
	struct stat stat;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &stat) != 0)
		die(options, path, "%s", strerror(errno));
	if (!S_ISREG(stat.st_mode) || stat.st_size == 0 || stat.st_size > FILE_MAX)
		die(options, path, "not a server or manifest");
	file.data = malloc(stat.st_size);
	if (file.data == NULL)
		die(options, path, "%s", strerror(errno));
	while (file.size < (size_t)stat.st_size) {
		ssize_t got = read(fd, file.data + file.size, stat.st_size - file.size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			die(options, path, "%s", got < 0 ? strerror(errno) : "became shorter");
		file.size += got;
	}
	close(fd);
	return file;
}

char *take_text(const struct options *options, char *memory, size_t size)
{
	char *text = malloc(size + 1);

	if (text != NULL) {
		memcpy(text, memory, size);
		text[size] = '\0';
	}
	(void)vm_deallocate(mach_task_self(), (vm_address_t)memory, size); /* ours */
	if (text == NULL)
		die(options, "acs", "out of memory");
	return text;
}

uint32_t interface_of(const struct options *options, const char *name)
{
	static struct subsystems subsystems;
	struct bytes file = read_file(options, SUBSYSTEMS);
	char *text = malloc(file.size + 1);
	uint32_t interface = 0;

	if (text == NULL)
		die(options, name, "out of memory");
	memcpy(text, file.data, file.size);
	text[file.size] = '\0';
	if (subsystems_parse(text, &subsystems) == 0)
		interface = subsystems_find(&subsystems, name);
	free(text);
	if (interface == 0)
		die(options, name, "no interface of that name in %s, and not a number", SUBSYSTEMS);
	return interface;
}
