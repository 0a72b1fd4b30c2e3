/* What cmocka wants included before it. */
#ifndef TEST_ACS_H
#define TEST_ACS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
