/* What the DOS server writes into the task of a machine before it lets it run. */
#ifndef DOS_BOOT_H
#define DOS_BOOT_H

#include <masix/types.h>

#include "core/vga.h"

/* Address space of a machine: the program's low megabyte, and above it, where no program in virtual-8086 mode reaches: */
#define MACHINE_IMAGE 0x10000000u
#define MACHINE_BOOT 0x20000000u  /* struct machine_boot */
#define MACHINE_STACK 0x30000000u /* grows down from here */
#define MACHINE_STACK_SIZE 0x20000u

/* Port names in it. */
#define MACHINE_PORT_TASK 0x1001
#define MACHINE_PORT_THREAD 0x1002
#define MACHINE_PORT_CONTROL 0x1003   /* receive right: foreign_program.defs, of the caller */
#define MACHINE_PORT_SERVER 0x1004    /* machine.defs, and exceptions of the machine's own code */
#define MACHINE_PORT_ACS 0x1005	      /* the client face */
#define MACHINE_PORT_DIRECTORY 0x1010 /* and the next ones */

struct machine_boot {
	struct masix_start start; /* clock */
	uint32_t has_screen;	  /* it lies at A0000h; its fonts: */
	uint8_t font16[VGA_FONT16_SIZE], font8[VGA_FONT8_SIZE];
	uint32_t directory_count;
	uint32_t mounts[MASIX_DIRECTORIES_MAX];
	uint32_t numbers[MASIX_PROGRAM_NUMBERS];
	uint32_t
		strings_size; /* the strings of program_start, checked: as many as the numbers say */
	char strings[MASIX_INLINE_MAX];
};

#endif
