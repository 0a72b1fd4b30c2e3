/* Program files made by hand: what execve makes of their headers, whatever they say. */
#include "check.h"

#include <elf.h>

extern char **environ;

ROLE(nothing)
{
	return 0;
}

#define IMAGE_BASE 0x10000u

struct image {
	Elf32_Ehdr header;
	Elf32_Phdr segments[2];
	uint8_t code[128];
};

/* A program of one segment, all rights, that holds the code; memory beyond the file is zero. */
static struct image image_new(const uint8_t *code, size_t size)
{
	struct image image = {
		.header = {
			.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
			.e_type = ET_EXEC,
			.e_machine = EM_386,
			.e_version = EV_CURRENT,
			.e_entry = IMAGE_BASE + offsetof(struct image, code),
			.e_phoff = offsetof(struct image, segments),
			.e_ehsize = sizeof(Elf32_Ehdr),
			.e_phentsize = sizeof(Elf32_Phdr),
			.e_phnum = 1,
		},
		.segments[0] = {
			.p_type = PT_LOAD,
			.p_vaddr = IMAGE_BASE,
			.p_paddr = IMAGE_BASE,
			.p_filesz = sizeof image,
			.p_memsz = sizeof image,
			.p_flags = PF_R | PF_W | PF_X,
			.p_align = 4096,
		},
	};

	memcpy(image.code, code, size);
	return image;
}

static pid_t run_image(const struct image *image, const char *name)
{
	char *argv[] = { (char *)"image", NULL };
	pid_t child;

	make_file(name, image, sizeof *image);
	OK(chmod(name, 0755));
	child = OK(fork());
	if (child == 0) {
		execve(name, argv, environ);
		_exit(200 + (errno == ENOENT) + 2 * (errno == ENOEXEC));
	}
	return child;
}

/* mov $1,%eax; mov $42,%ebx; int $0x80 */
static const uint8_t exit_42[] = { 0xb8, 1, 0, 0, 0, 0xbb, 42, 0, 0, 0, 0xcd, 0x80 };

CASE(smallest_program)
{
	struct image image = image_new(exit_42, sizeof exit_42);

	EXITS(run_image(&image, "image"), 42);
}

/* At the entry point: %esp is a multiple of 16 and points to argc; %edx is 0 (no function to run at exit). */
CASE(registers_at_the_entry_point)
{
	static const uint8_t code[] = {
		0x89, 0xe3,	  /* mov %esp,%ebx */
		0x83, 0xe3, 0x0f, /* and $15,%ebx */
		0x09, 0xd3,	  /* or %edx,%ebx */
		0x03, 0x1c, 0x24, /* add (%esp),%ebx */
		0xb8, 1, 0, 0, 0, /* mov $1,%eax */
		0xcd, 0x80,	  /* int $0x80: exit(argc) */
	};
	struct image image = image_new(code, sizeof code);

	EXITS(run_image(&image, "image"), 1);
}

CASE(memory_beyond_the_file_is_zero)
{
	/* Adds up 8191 bytes from the file's end on. */
	uint8_t code[] = {
		0xbe,
		0,
		0,
		0,
		0, /* mov $end,%esi */
		0xb9,
		0xff,
		0x1f,
		0,
		0, /* mov $8191,%ecx */
		0x31,
		0xdb, /* xor %ebx,%ebx */
		0x0a,
		0x1e, /* 1: or (%esi),%bl */
		0x46, /* inc %esi */
		0xe2,
		0xfb, /* loop 1b */
		0xb8,
		1,
		0,
		0,
		0,
		0xcd,
		0x80,
	};
	uint32_t end = IMAGE_BASE + sizeof(struct image);
	struct image image;
	uint8_t file[8192];
	pid_t child;
	int fd;

	memcpy(code + 1, &end, 4);
	image = image_new(code, sizeof code);
	image.segments[0].p_memsz += 8192;
	memset(file, 0xff, sizeof file);
	child = run_image(&image, "image");
	EXITS(child, 0);
	/* The same with something behind the segment in the file. */
	fd = OK(open("image", O_WRONLY | O_APPEND));
	EQUAL(write(fd, file, sizeof file), sizeof file);
	OK(close(fd));
	child = OK(fork());
	if (child == 0) {
		execl("image", "image", NULL);
		_exit(200);
	}
	EXITS(child, 0);
}

CASE(missing_interpreter)
{
	struct image image = image_new(exit_42, sizeof exit_42);
	static const char name[] = "/no/such/loader.so";

	memcpy(image.code + 64, name, sizeof name);
	image.header.e_phnum = 2;
	image.segments[1] = image.segments[0];
	image.segments[0] = (Elf32_Phdr){
		.p_type = PT_INTERP,
		.p_offset = offsetof(struct image, code) + 64,
		.p_filesz = sizeof name,
		.p_memsz = sizeof name,
		.p_flags = PF_R,
		.p_align = 1,
	};
	EXITS(run_image(&image, "image"), 201);
}

CASE(broken_headers_are_refused)
{
	const struct image good = image_new(exit_42, sizeof exit_42);
	struct image image = good;

	image.header.e_ident[EI_MAG1] = 'X';
	EXITS(run_image(&image, "magic"), 202);
	image = good;
	image.header.e_machine = EM_SPARC;
	EXITS(run_image(&image, "machine"), 202);
	image = good;
	image.header.e_phentsize = 31;
	EXITS(run_image(&image, "entry_size"), 202);
	image = good;
	image.header.e_phnum = 0;
	EXITS(run_image(&image, "no_segments"), 202);
	image = good;
	image.header.e_type = ET_REL;
	EXITS(run_image(&image, "type"), 202);
}

/* Whatever the headers say, the process that execs must end and its parent go on. */
CASE(segments_out_of_bounds_do_no_harm)
{
	static const uint32_t bad[] = { 0, 1, 0x1000, 0x7fffffff, 0x80000000, 0xbffff000,
		0xc0000000, 0xfffff000, 0xffffffff };
	const struct image good = image_new(exit_42, sizeof exit_42);

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct image image = good;
		char name[32];

		image.segments[0].p_vaddr = bad[i];
		snprintf(name, sizeof name, "address%zu", i);
		(void)check_wait(run_image(&image, name), __LINE__);
		image = good;
		image.segments[0].p_memsz = bad[i];
		snprintf(name, sizeof name, "memory%zu", i);
		(void)check_wait(run_image(&image, name), __LINE__);
		image = good;
		image.segments[0].p_offset = bad[i];
		snprintf(name, sizeof name, "offset%zu", i);
		(void)check_wait(run_image(&image, name), __LINE__);
		image = good;
		image.header.e_phoff = bad[i];
		snprintf(name, sizeof name, "headers%zu", i);
		(void)check_wait(run_image(&image, name), __LINE__);
	}
}

CASE(truncated_programs_do_no_harm)
{
	static char content[200000];
	int fd = OK(open(check_self, O_RDONLY));
	ssize_t size = OK(read(fd, content, sizeof content));
	static const int sizes[] = { 1, 4, 16, 51, 52, 60, 84, 200, 1000, 4096, 5000, 20000,
		100000 };

	for (size_t i = 0; i < COUNT(sizes) && sizes[i] < size; i++) {
		pid_t child;
		char name[32];
		int status;

		snprintf(name, sizeof name, "cut%zu", i);
		make_file(name, content, (size_t)sizes[i]);
		OK(chmod(name, 0755));
		child = OK(fork());
		if (child == 0) {
			execl(name, name, "+nothing", NULL);
			_exit(1);
		}
		status = check_wait(child, __LINE__);
		CHECK(status != 0);
	}
}
