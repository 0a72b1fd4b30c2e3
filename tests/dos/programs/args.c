/* Compiled by bcc -Md: arguments, standard input, a file, the exit status. */
#include <stdio.h>

int main(argc, argv)
int argc;
char **argv;
{
	char line[80];
	FILE *f;
	int i;

	for (i = 1; i < argc; i++)
		printf("%d %s\n", i, argv[i]);
	while (fgets(line, sizeof line, stdin))
		printf("> %s", line);
	f = fopen("ARGS.OUT", "w");
	if (!f)
		return 1;
	fprintf(f, "%ld\n", 123456L * 789L);
	fclose(f);
	return argc;
}
