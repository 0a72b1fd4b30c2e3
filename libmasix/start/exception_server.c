#include "start/exception_server.h"

#define catch_exception_raise vector_exception_raise
#define exc_server vector_exc_server
#define exc_server_routines vector_exc_server_routines
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wnested-externs"
#include "exc_server.c"
