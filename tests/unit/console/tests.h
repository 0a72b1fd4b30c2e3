/* The groups of unit tests of console/; each returns how many of its tests failed. */
#ifndef TESTS_UNIT_CONSOLE_TESTS_H
#define TESTS_UNIT_CONSOLE_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

int test_frame(void);
int test_channels(void);
int test_log_ring(void);

#endif
