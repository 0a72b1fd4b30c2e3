#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "request.h"

/* Parses a copy of a literal, whose own terminating NUL is the empty field that ends it. */
#define PARSE(literal, request, why)                                                               \
	(memcpy(text, literal, sizeof(literal)), request_parse(text, sizeof(literal), request, why))

static char text[4096];

static void a_request_ends_with_an_empty_field(void **state)
{
	(void)state;
	assert_false(request_is_complete("", 0));
	assert_false(request_is_complete("arg=x", 5));
	assert_false(request_is_complete("arg=x\0", 6));
	assert_true(request_is_complete("arg=x\0\0", 7));
	assert_true(request_is_complete("\0", 1));
}

static void fields_are_taken_apart(void **state)
{
	struct request request;
	const char *why;

	(void)state;
	assert_true(
		PARSE("tty=1\0session=1\0cwd=/tmp\0env=A=b=c\0env=E=\0arg=bash\0arg=\0arg=-c x\0",
			&request, &why));
	assert_true(request.tty);
	assert_true(request.session);
	assert_false(request.halt);
	assert_string_equal(request.directory, "/tmp");
	assert_string_equal(request.environment[0], "A=b=c");
	assert_string_equal(request.environment[1], "E=");
	assert_null(request.environment[2]);
	assert_string_equal(request.arguments[0], "bash");
	assert_string_equal(request.arguments[1], "");
	assert_string_equal(request.arguments[2], "-c x");
	assert_null(request.arguments[3]);
	request_free(&request);
}

static void an_empty_request_is_a_shell(void **state)
{
	struct request request;
	const char *why;

	(void)state;
	assert_true(PARSE("", &request, &why));
	assert_null(request.arguments[0]);
	assert_null(request.directory);
	assert_false(request.tty);
	request_free(&request);
}

static void malformed_requests_are_refused(void **state)
{
	struct request request;
	const char *why = NULL;

	(void)state;
	assert_false(PARSE("bogus=1\0", &request, &why));
	assert_non_null(why);
	assert_false(PARSE("tty=2\0", &request, &why));
	assert_false(PARSE("tty\0", &request, &why));
	assert_false(PARSE("env=NOVALUE\0", &request, &why));
	assert_false(PARSE("env==x\0", &request, &why));
	assert_false(PARSE("cwd=\0", &request, &why));
	assert_false(PARSE("arguments=x\0", &request, &why));
	memcpy(text, "arg=x", 5);
	assert_false(request_parse(text, 5, &request, &why));
	assert_false(request_parse(text, 0, &request, &why));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_ends_with_an_empty_field),
		cmocka_unit_test(fields_are_taken_apart),
		cmocka_unit_test(an_empty_request_is_a_shell),
		cmocka_unit_test(malformed_requests_are_refused),
	};

	return cmocka_run_group_tests_name("request of the host", tests, NULL, NULL);
}
