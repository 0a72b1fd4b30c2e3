/* mapper FILE ROUNDS: writes a file through a shared mapping, again and again, and reads it both ways. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096
#define PAGES 64

static unsigned char bytes[PAGE];

static void need(int condition, const char *what)
{
	if (!condition) {
		perror(what);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 1;
	int file = open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0600);
	unsigned char *memory;

	need(file >= 0, "open");
	need(ftruncate(file, PAGES * PAGE) == 0, "ftruncate");
	memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	need(memory != MAP_FAILED, "mmap");
	for (int round = 1; round <= rounds; round++) {
		for (int page = 0; page < PAGES; page++)
			memset(memory + page * PAGE, round + page, PAGE);
		if (round % 3 == 0)
			need(msync(memory, PAGES * PAGE, MS_SYNC) == 0, "msync");
		for (int page = 0; page < PAGES; page++) {
			need(pread(file, bytes, PAGE, page * PAGE) == PAGE, "pread");
			for (int i = 0; i < PAGE; i++)
				if (bytes[i] != (unsigned char)(round + page)) {
					printf("round %d, page %d, byte %d\n", round, page, i);
					return 1;
				}
		}
		usleep(30000);
	}
	puts("whole");
	return 0;
}
