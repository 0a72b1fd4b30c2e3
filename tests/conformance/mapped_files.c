/* Mapped files, private and shared, and memory shared between relatives. */
#include "pages.h"

CASE(file_contents)
{
	int fd = open_pages(5, O_RDONLY);
	char *area = OK(mmap(NULL, 5 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0)), *part;

	part = OK(mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 3 * PAGE));
	OK(close(fd));
	for (int i = 0; i < 5 * PAGE; i++)
		EQUAL(area[i], 'a' + i / PAGE);
	EQUAL(part[0], 'd');
	EQUAL(part[2 * PAGE - 1], 'e');
}

CASE(last_page_is_filled_with_zeros)
{
	char *area;
	int fd;

	make_file("file", "12345", 5);
	fd = OK(open("file", O_RDWR));
	area = OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	EQUAL(area[4], '5');
	EQUAL(area[5], 0);
	EQUAL(area[PAGE - 1], 0);
	/* What is written behind the end never reaches the file. */
	area[5] = 'x';
	OK(msync(area, PAGE, MS_SYNC));
	EQUAL(lseek(fd, 0, SEEK_END), 5);
}

CASE(behind_the_end_of_the_file)
{
	int fd = open_pages(1, O_RDWR);
	char *area = OK(mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));

	EQUAL(touch(area, 1), 0);
	EQUAL(touch(area + PAGE, 0), SIGBUS);
	EQUAL(fault_code, BUS_ADRERR);
	EQUAL(touch(area + 2 * PAGE, 1), SIGBUS);
	OK(ftruncate(fd, 2 * PAGE));
	EQUAL(touch(area + PAGE, 1), 0);
	EQUAL(area[PAGE], 0);
}

CASE(truncated_while_mapped)
{
	int fd = open_pages(3, O_RDWR);
	char *area = OK(mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));

	EQUAL(area[2 * PAGE], 'c');
	OK(ftruncate(fd, PAGE + 10));
	EQUAL(touch(area + 2 * PAGE, 0), SIGBUS);
	EQUAL(area[PAGE + 9], 'b');
	EQUAL(area[PAGE + 10], 0);
	OK(ftruncate(fd, 3 * PAGE));
	EQUAL(touch(area + 2 * PAGE, 0), 0);
	EQUAL(area[2 * PAGE], 0);
}

CASE(private_changes_stay_private)
{
	char text[4];
	int fd = open_pages(2, O_RDWR);
	char *area = OK(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));

	area[0] = 'X';
	EQUAL(pread(fd, text, 4, 0), 4);
	EQUAL(text[0], 'a');
	EQUAL(area[1], 'a');
	/* What was written is kept, whatever happens to the file. */
	EQUAL(pwrite(fd, "YYYY", 4, 0), 4);
	EQUAL(area[0], 'X');
	EQUAL(area[1], 'a');
}

CASE(shared_changes_reach_the_file)
{
	char text[4];
	int fd = open_pages(2, O_RDWR);
	char *area = OK(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));

	memcpy(area + PAGE - 2, "1234", 4);
	EQUAL(pread(fd, text, 4, PAGE - 2), 4);
	CHECK(!memcmp(text, "1234", 4));
	OK(munmap(area, 2 * PAGE));
	OK(close(fd));
	fd = OK(open("file", O_RDONLY));
	EQUAL(pread(fd, text, 4, PAGE - 2), 4);
	CHECK(!memcmp(text, "1234", 4));
}

CASE(writes_are_seen_in_shared_mappings)
{
	int fd = open_pages(2, O_RDWR);
	char *one = OK(mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0));
	char *two = OK(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));

	EQUAL(one[0], 'a');
	EQUAL(pwrite(fd, "12345678", 8, PAGE - 4), 8);
	CHECK(!memcmp(one + PAGE - 4, "12345678", 8));
	two[5] = 'T';
	EQUAL(one[5], 'T');
}

CASE(shared_file_between_processes)
{
	int fd = open_pages(1, O_RDWR);
	struct gate go = gate_new();
	pid_t child = OK(fork());
	char *area;

	if (child == 0) {
		/* Opened and mapped apart from the parent. */
		fd = OK(open("file", O_RDWR));
		area = OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
		gate_pass(go);
		EQUAL(area[0], 'P');
		area[1] = 'C';
		_exit(0);
	}
	area = OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	area[0] = 'P';
	gate_open(go);
	EXITS(child, 0);
	EQUAL(area[1], 'C');
}

CASE(removed_file_stays_mapped)
{
	int fd = open_pages(2, O_RDWR);
	char *area = OK(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));

	OK(close(fd));
	OK(unlink("file"));
	EQUAL(area[PAGE], 'b');
	area[PAGE] = 'x';
	EQUAL(area[PAGE], 'x');
	OK(munmap(area, 2 * PAGE));
}

CASE(growing_a_mapped_file)
{
	enum { PAGES = 200 };
	int fd = OK(open("file", O_RDWR | O_CREAT, 0644));
	char *area = OK(mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)),
	     text[4];

	OK(ftruncate(fd, PAGES * PAGE));
	for (int i = 0; i < PAGES; i++)
		memcpy(area + i * PAGE + 100, &i, sizeof i);
	OK(msync(area, PAGES * PAGE, MS_SYNC));
	for (int i = 0; i < PAGES; i++) {
		EQUAL(pread(fd, text, 4, i * PAGE + 100), 4);
		CHECK(!memcmp(text, &i, 4));
	}
}

CASE(msync_arguments)
{
	char *area = map_private(2 * PAGE);

	OK(msync(area, 2 * PAGE, MS_SYNC));
	OK(msync(area, 2 * PAGE, MS_ASYNC));
	FAILS(msync(area, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
	FAILS(msync(area + 1, PAGE, MS_SYNC), EINVAL);
	OK(munmap(area + PAGE, PAGE));
	FAILS(msync(area, 2 * PAGE, MS_SYNC), ENOMEM);
}

/* --- Relatives ----------------------------------------------------------------------------------- */

CASE(shared_memory_of_relatives)
{
	volatile int *numbers = (int *)map_anonymous(2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	pid_t child;

	numbers[0] = 1;
	child = OK(fork());
	if (child == 0) {
		pid_t grandchild = OK(fork());

		EQUAL(numbers[0], 1);
		if (grandchild == 0) {
			/* A page that nobody touched before the forks. */
			numbers[PAGE / 4] = 3;
			_exit(0);
		}
		EXITS(grandchild, 0);
		numbers[1] = 2;
		_exit(0);
	}
	EXITS(child, 0);
	EQUAL(numbers[1], 2);
	EQUAL(numbers[PAGE / 4], 3);
}

CASE(private_file_pages_of_relatives)
{
	int fd = open_pages(1, O_RDONLY);
	char *area = OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	struct gate go = gate_new();
	pid_t child;

	area[0] = '1';
	child = OK(fork());
	if (child == 0) {
		gate_pass(go);
		EQUAL(area[0], '1');
		EQUAL(area[1], 'a');
		area[2] = '3';
		_exit(0);
	}
	area[0] = area[1] = '2';
	gate_open(go);
	EXITS(child, 0);
	EQUAL(area[2], 'a');
}

CASE(atomic_counting_in_shared_memory)
{
	enum { PROCESSES = 4, TIMES = 20000 };
	int *counter = (int *)map_anonymous(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	pid_t children[PROCESSES];

	for (int i = 0; i < PROCESSES; i++) {
		children[i] = OK(fork());
		if (children[i] == 0) {
			for (int j = 0; j < TIMES; j++)
				__atomic_fetch_add(counter, 1, __ATOMIC_SEQ_CST);
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++)
		EXITS(children[i], 0);
	EQUAL(*counter, PROCESSES * TIMES);
}
