#ifndef TEST_DOS_TEST_H
#define TEST_DOS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
