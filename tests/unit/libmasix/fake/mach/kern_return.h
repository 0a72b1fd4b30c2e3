/* For the host, which has no Mach. */
#ifndef MACH_KERN_RETURN_H
#define MACH_KERN_RETURN_H

typedef int kern_return_t;

#define KERN_SUCCESS 0
#define KERN_RESOURCE_SHORTAGE 6

#endif
