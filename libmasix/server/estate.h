/* Inheritance, inside libmasix. */
#ifndef LIBMASIX_ESTATE_H
#define LIBMASIX_ESTATE_H

/* A server that gets ready without having asked for what it inherits does not want it. */
void estate_refuse(void);

#endif
