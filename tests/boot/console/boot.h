/* The boot test of the console server: its parts. */
#ifndef TESTS_BOOT_CONSOLE_BOOT_H
#define TESTS_BOOT_CONSOLE_BOOT_H

#include <mach/mach_types.h>
#include <stdbool.h>

#include <masix/types.h>

extern mach_port_t console;
extern mach_port_t channels[4]; /* io objects, by MASIX_CHANNEL_* */

/* Counts and logs a check that does not hold. */
void check_that(bool holds, const char *text, int line);
#define CHECK(condition) check_that(condition, #condition, __LINE__)

/* What calls answer, good and bad ones. */
void test_calls(void);

/* Plays process 1 for tests/boot/console/run, for ever: cat, spew BYTES, window, late. */
void serve_host(void) __attribute__((noreturn));

#endif
