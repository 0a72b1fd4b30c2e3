/* eat WHAT: uses memory in the way named until something stops it.
 *
 *	heap       malloc, touched
 *	map        one large anonymous mapping, touched
 *	shared     the same, shared with children to come
 *	children   forty processes that each take a share, none of them large
 *	file       a file in the working directory
 *	mapped     130 MiB of a file there, written through a mapping and read again; it ends by itself
 *	bomb       processes of a user that fork again and again
 *	shell      a shell of that user that does so
 *	forks      fork again and again; each child ends at once */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1u << 20)
#define CHILDREN 40

static int heap(void)
{
	for (;;) {
		char *piece = malloc(MIB);

		if (piece == NULL)
			return 1;
		memset(piece, 'x', MIB);
		__asm__ volatile("" ::"r"(piece) : "memory");
	}
}

static int map(int flags)
{
	for (size_t size = 2048u * MIB; size >= MIB; size /= 2) {
		char *area = mmap(NULL, size, PROT_READ | PROT_WRITE,
			flags | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (area == MAP_FAILED)
			continue;
		for (size_t at = 0; at < size; at += 4096)
			area[at] = 1;
	}
	return 1;
}

__attribute__((noreturn)) static void child_of_many(int ready)
{
	for (int taken = 0; taken < 32; taken++) {
		char *piece = malloc(MIB);

		if (piece != NULL)
			memset(piece, 'x', MIB);
		__asm__ volatile("" ::"r"(piece) : "memory");
	}
	if (write(ready, "r", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static int reap_killed(void)
{
	int killed = 0, status;

	while (waitpid(-1, &status, WNOHANG) > 0)
		killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	return killed;
}

/* Those that were killed have made room for the others. */
static int children(void)
{
	char bytes[CHILDREN];
	int ends[2], ready = 0, killed = 0;

	if (pipe(ends) != 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)
		return 1;
	for (int i = 0; i < CHILDREN; i++) {
		pid_t child = fork();

		if (child == 0)
			child_of_many(ends[1]);
		if (child < 0)
			return 1;
		usleep(50000);
	}
	while (ready + killed < CHILDREN) {
		ssize_t n = read(ends[0], bytes, sizeof bytes);

		ready += n > 0 ? (int)n : 0;
		killed += reap_killed();
		usleep(10000);
	}
	printf("killed %d\n", killed);
	fflush(stdout);
	kill(0, SIGTERM);
	return 0;
}

static int file(void)
{
	static char block[MIB];
	int fd = open("eaten", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t written;

	memset(block, 'x', sizeof block);
	do
		written = write(fd, block, sizeof block);
	while (written > 0);
	printf("%s\n", written < 0 ? strerror(errno) : "short");
	return 0;
}

/* Each page has its own number. */
static int mapped(void)
{
	const size_t size = 130u * MIB, step = 4096 / sizeof(unsigned);
	int fd = open("eaten", O_RDWR | O_CREAT | O_TRUNC, 0600);
	unsigned *area;

	if (fd < 0 || ftruncate(fd, (off_t)size) != 0)
		return 1;
	area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (area == MAP_FAILED)
		return 1;
	for (unsigned page = 0; page < size / 4096; page++)
		area[page * step] = ~page;
	for (unsigned page = 0; page < size / 4096; page++)
		if (area[page * step] != ~page) {
			printf("page %u is lost\n", page);
			return 1;
		}
	puts("whole");
	return 0;
}

static void become_user(void)
{
	if (setuid(1000) != 0) {
		perror("eat");
		exit(1);
	}
}

__attribute__((noreturn)) static void bomb(void)
{
	become_user();
	for (;;)
		(void)fork();
}

static int shell(void)
{
	become_user();
	execlp("bash", "bash", "-c", ":(){ :|:& };:", NULL);
	return 1;
}

__attribute__((noreturn)) static void forks(void)
{
	signal(SIGCHLD, SIG_IGN);
	for (;;)
		if (fork() == 0)
			_exit(0);
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (strcmp(what, "heap") == 0)
		return heap();
	if (strcmp(what, "map") == 0)
		return map(MAP_PRIVATE);
	if (strcmp(what, "shared") == 0)
		return map(MAP_SHARED);
	if (strcmp(what, "children") == 0)
		return children();
	if (strcmp(what, "file") == 0)
		return file();
	if (strcmp(what, "mapped") == 0)
		return mapped();
	if (strcmp(what, "bomb") == 0)
		bomb();
	if (strcmp(what, "shell") == 0)
		return shell();
	if (strcmp(what, "forks") == 0)
		forks();
	fprintf(stderr, "usage: eat heap|map|shared|children|file|mapped|bomb|shell|forks\n");
	return 2;
}
