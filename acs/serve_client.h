/* The class of the client and the admin port. */
#ifndef ACS_SERVE_CLIENT_H
#define ACS_SERVE_CLIENT_H

#include <masix/object.h>

extern const struct masix_class face_class;

#endif
