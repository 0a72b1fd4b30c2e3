/* What the tests of the Unix server's cores share. */
#ifndef TEST_UNIX_H
#define TEST_UNIX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
