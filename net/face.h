/* The port "net" (network.defs). */
#ifndef NET_FACE_H
#define NET_FACE_H

#include <masix/object.h>

extern const struct masix_class network_class;

#endif
