/* For each byte of its input but the last, 'q': how long the file DATA is, its first byte and its last one, as reading it
 * tells. "s": only reads it, many times. */
#include <fcntl.h>
#include <stdio.h>

#define PART 0x4000

char buffer[PART];

void tell(fd, silent) int fd, silent;
{
	long size = 0;
	char first = '-', last = '-';
	int n;

	lseek(fd, 0L, 0);
	while ((n = read(fd, buffer, PART)) > 0) {
		if (size == 0)
			first = buffer[0];
		last = buffer[n - 1];
		size += n;
	}
	if (!silent) {
		printf("%ld %c%c\n", size, first, last);
		fflush(stdout);
	}
}

int main()
{
	int fd = open("DATA", 0), i;
	char c;

	if (fd < 0)
		return 2;
	while (read(0, &c, 1) == 1 && c != 'q') {
		for (i = c == 's' ? 3000 : 1; i > 0; i--)
			tell(fd, c == 's');
	}
	return 0;
}
