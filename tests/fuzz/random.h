/* Numbers that depend on the seed only. */
#ifndef FUZZ_RANDOM_H
#define FUZZ_RANDOM_H

#include <stdint.h>

void random_begin(uint32_t seed);
uint32_t any(uint32_t below);

/* Mostly near a limit of something. */
uint32_t any_number(void);
uint64_t any_wide(void);

#endif
