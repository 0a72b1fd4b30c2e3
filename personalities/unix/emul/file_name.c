/* Names of open files: short ones, of the first so many files. */
#include <asm/errno.h>

#include "file_name.h"
#include "files.h"

#define NAMES 1024u
#define NAME_SIZE 120u

static struct {
	uint32_t directory;   /* generation of the working directory that a relative name is of */
	char text[NAME_SIZE]; /* "": not known */
} names[NAMES];

static volatile uint32_t generation;

/* The caller holds what a fault would leak: the string is copied with care, once. */
void file_name_set(const struct emul_file *file, const char *path)
{
	unsigned index = file_index(file);
	uint32_t there, length = 0;
	char *text;

	if (index >= NAMES)
		return;
	text = names[index].text;
	there = path != NULL ? NAME_SIZE - emul_copy(text, path, NAME_SIZE) : 0;
	while (length < there && text[length] != '\0')
		length++;
	if (length == there)
		text[0] = '\0';
	names[index].directory = generation;
}

long file_name_get(const struct emul_file *file, char *out, uint32_t size)
{
	unsigned index = file_index(file);
	const char *text = index < NAMES ? names[index].text : "";

	if (text[0] == '\0' || (text[0] != '/' && names[index].directory != generation))
		return -ENOENT;
	if (emul_path_absolute(text, out, size) != 0)
		return -ENOENT;
	return (long)strlen(out);
}

void file_name_new_directory(void)
{
	generation++;
}
