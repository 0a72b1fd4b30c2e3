/* COMMAND.COM: the shell of the DOS personality, a DOS program compiled by bcc -Md (16 bits, one segment, no const).
 * Text is in upper and lower case as given; names of commands and variables are compared without case. */
#ifndef SHELL_H
#define SHELL_H

#define LINE_SIZE 256 /* with the NUL; a command tail has at most 126 */
#define PATH_SIZE 80
#define BATCH_LEVELS 8

/* --- int21.s, system.c: DOS --- */

struct registers {
	unsigned ax, bx, cx, dx, si, di, es;
};

struct found { /* what functions 4Eh and 4Fh leave in the DTA */
	char state[21];
	unsigned char attribute;
	unsigned time, date;
	unsigned long size;
	char name[13];
};

#define ATTRIBUTE_DIRECTORY 0x10

#define ERROR_FILE 2
#define ERROR_PATH 3
#define ERROR_ACCESS 5

int int21(struct registers *r);
void far_write(unsigned segment, unsigned offset, char *from, unsigned n);
void far_read(char *to, unsigned segment, unsigned offset, unsigned n);
unsigned own_segment(void);
void on_break(void);
void on_critical(void);
void clear_screen(void);

/* Functions of DOS by their numbers: 0 or an error code. */
int dos_path_call(unsigned ax, char *path, unsigned cx);
int dos_open(char *path, int mode, int *handle);
int dos_create(char *path, int *handle);
int dos_close(int handle);
/* Bytes moved, -1: an error, which say_error tells. */
int dos_read(int handle, char *to, unsigned n);
int dos_write(int handle, char *from, unsigned n);
int dos_seek(int handle, unsigned long to);
int dos_duplicate(int handle, int *copy);
int dos_force(int handle, int to);
int dos_is_device(int handle);
int dos_find(char *pattern, unsigned attributes, struct found *found);
int dos_find_next(struct found *found);
int dos_drive(void); /* 0: A */
/* "C:\DIR" of a drive; an error code. */
int dos_directory(int drive, char path[PATH_SIZE]);
int dos_true_name(char *path, char full[128]);
int dos_is_directory(char *path);
int dos_exists(char *path);
void dos_vector(int number, unsigned segment, unsigned offset);
/* Run a program; its exit code is in error_level. */
int dos_exec(char *path, char *tail);

void say(char *text);
void say_line(char *text);
void say_character(int c);
void say_number(unsigned long number, int width, int fill);
void say_error(int error);

/* --- environment.c --- */

void environment_init(void);
char *environment_get(char *name); /* NULL: not set */
/* NULL or "": no more.  1: out of space. */
int environment_set(char *name, char *value);
void environment_list(void);

/* --- words.c: text --- */

int is_blank(int c);
int upper(int c);
int same(char *a, char *b); /* without case */
int same_start(char *a, char *b, int n);
char *skip_blanks(char *s);
/* Is the text this word, and no more? */
int is_word(char *text, char *word);
/* The next word of *rest, which goes behind it; NULL: none.  Divided by blanks , ; = unless in quotes. */
char *next_word(char **rest);
int has_pattern(char *s);
/* The part of a path behind the last separator. */
char *base_name(char *path);
/* "DIR\NAME" of the directory part of `path` and `name`. */
void join_path(char *to, char *path, char *name);
/* Put `name` together by a pattern: "*.BAK" of "A.TXT" is "A.BAK". */
void apply_pattern(char *to, char *pattern, char *name);

/* --- batch.c --- */

struct batch {
	char file[PATH_SIZE];
	unsigned long position;
	char arguments[LINE_SIZE]; /* words, NUL-terminated, one after the other; %0 first */
	int count, shift;
};

extern int batch_level; /* of batch files that run, one in the other */
extern int error_level;
extern int is_echo;

/* Begin a batch file; `instead`: of the one that runs. */
int batch_begin(char *file, char *name, char *tail, int instead);
/* Run until the one on `level` is at its end. */
void batch_run(int level);
void batch_end_all(void);
void command_goto(char *rest);
void command_shift(char *rest);
void command_if(char *rest);
void command_for(char *rest);
void command_call(char *rest);

/* --- line.c --- */

/* Run a line: pipes, redirections, commands. */
void run_line(char *line);
/* One command, with its redirections taken away. */
void run_command(char *line);
void restore_handles(void);

/* --- main.c --- */

void broken(void);
/* The handler of INT 23h: ours, and that of DOS, for a program that is run. */
void catch_break(void);
void release_break(void);
int ask_yes(char *question);

/* --- prompt.c --- */

void say_prompt(void);
void say_date(void);
void say_time(void);

/* --- commands.c, files.c, list.c, external.c --- */

/* Run the internal command that the line begins with; 0: it is none. */
int command_internal(char *line);
void command_dir(char *rest);
void command_copy(char *rest);
void command_del(char *rest);
void command_ren(char *rest);
void command_type(char *rest);
void command_external(char *line, int is_call);

#endif
