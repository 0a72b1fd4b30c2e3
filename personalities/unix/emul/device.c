/* The numbers of Documentation/admin-guide/devices.txt that mean something here. */
#include <string.h>

#include <masix/types.h>

#include "device.h"
#include "file.h"

static uint32_t major(uint32_t rdev)
{
	return (rdev >> 8) & 0xfff;
}

static uint32_t minor(uint32_t rdev)
{
	return (rdev & 0xff) | ((rdev >> 12) & 0xfff00);
}

uint32_t device_local_kind(uint32_t rdev)
{
	if (major(rdev) != 1)
		return EMUL_FILE_NONE;
	switch (minor(rdev)) {
	case 3:
		return EMUL_FILE_NULL;
	case 5:
		return EMUL_FILE_ZERO;
	case 7:
		return EMUL_FILE_FULL;
	case 8:
	case 9:
		return EMUL_FILE_RANDOM;
	default:
		return EMUL_FILE_NONE;
	}
}

static const struct {
	uint32_t rdev;
	const char *name;
} names[] = {
	{ 0x103, "/dev/null" },
	{ 0x105, "/dev/zero" },
	{ 0x107, "/dev/full" },
	{ 0x108, "/dev/random" },
	{ 0x109, "/dev/urandom" },
	{ 0x500, "/dev/tty" },
	{ 0x501, "/dev/console" },
	{ 0x502, "/dev/ptmx" },
	{ MASIX_HOST_MAJOR << 8 | MASIX_CHANNEL_STDIN, "/dev/host/stdin" },
	{ MASIX_HOST_MAJOR << 8 | MASIX_CHANNEL_STDOUT, "/dev/host/stdout" },
	{ MASIX_HOST_MAJOR << 8 | MASIX_CHANNEL_STDERR, "/dev/host/stderr" },
	{ MASIX_HOST_MAJOR << 8 | MASIX_CHANNEL_CONTROL, "/dev/host/control" },
};

static uint32_t numbered(const char *prefix, uint32_t number, char *out, uint32_t size)
{
	char digits[10];
	uint32_t length = (uint32_t)strlen(prefix), n = 0;

	do
		digits[n++] = (char)('0' + number % 10);
	while ((number /= 10) != 0);
	if (length + n >= size)
		return 0;
	memcpy(out, prefix, length);
	while (n > 0)
		out[length++] = digits[--n];
	out[length] = '\0';
	return length;
}

uint32_t device_name(uint32_t rdev, char *out, uint32_t size)
{
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		uint32_t length = (uint32_t)strlen(names[i].name);

		if (names[i].rdev == rdev && length < size) {
			memcpy(out, names[i].name, length + 1);
			return length;
		}
	}
	if (major(rdev) == 4 && minor(rdev) < 64)
		return numbered("/dev/tty", minor(rdev), out, size);
	if (major(rdev) >= 136 && major(rdev) < 144)
		return numbered("/dev/pts/", (major(rdev) - 136) * 256 + minor(rdev), out, size);
	return 0;
}
