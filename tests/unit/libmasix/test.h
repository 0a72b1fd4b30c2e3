/* cmocka with the headers that it needs first. */
#ifndef LIBMASIX_TEST_H
#define LIBMASIX_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
