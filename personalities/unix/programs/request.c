#include "request.h"

#include <stdlib.h>
#include <string.h>

bool request_is_complete(const char *text, size_t length)
{
	return length && !text[length - 1] && (length == 1 || !text[length - 2]);
}

/* The value of field "name=value", or NULL if it is another field. */
static char *value_of(char *field, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(field, name, length) || field[length] != '=')
		return NULL;
	return field + length + 1;
}

static bool parse_flag(const char *value, bool *flag)
{
	*flag = !strcmp(value, "1");
	return *flag || !strcmp(value, "0");
}

static bool parse_field(char *field, struct request *request, size_t *arguments, size_t *variables)
{
	char *value;

	if ((value = value_of(field, "tty")))
		return parse_flag(value, &request->tty);
	if ((value = value_of(field, "session")))
		return parse_flag(value, &request->session);
	if ((value = value_of(field, "halt")))
		return parse_flag(value, &request->halt);
	if ((value = value_of(field, "cwd"))) {
		request->directory = value;
		return *value != '\0';
	}
	if ((value = value_of(field, "env"))) {
		request->environment[(*variables)++] = value;
		return *value != '=' && strchr(value, '=');
	}
	if ((value = value_of(field, "arg"))) {
		request->arguments[(*arguments)++] = value;
		return true;
	}
	return false;
}

bool request_parse(char *text, size_t length, struct request *request, const char **why)
{
	size_t fields = 0, arguments = 0, variables = 0;

	*request = (struct request){ 0 };
	*why = "the request does not end";
	if (!request_is_complete(text, length))
		return false;
	for (size_t i = 0; i < length; i++)
		fields += !text[i];
	request->environment = calloc(fields, sizeof *request->environment);
	request->arguments = calloc(fields, sizeof *request->arguments);
	*why = "out of memory";
	if (!request->environment || !request->arguments)
		goto failed;
	for (char *field = text; *field; field += strlen(field) + 1) {
		*why = "unknown or malformed field";
		if (!parse_field(field, request, &arguments, &variables))
			goto failed;
	}
	return true;
failed:
	request_free(request);
	return false;
}

void request_free(struct request *request)
{
	free(request->environment);
	free(request->arguments);
	*request = (struct request){ 0 };
}
