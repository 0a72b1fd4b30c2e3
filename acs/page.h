/* Pages of the i386. */
#ifndef ACS_PAGE_H
#define ACS_PAGE_H

#include <stdint.h>

#define PAGE 4096u

static inline uint32_t page_down(uint32_t address)
{
	return address & ~(PAGE - 1);
}

static inline uint32_t page_up(uint32_t address)
{
	return page_down(address + PAGE - 1);
}

#endif
