/* DPMI 0.9: programs in protected mode.  There is one client at a time.  It runs in the program's thread with segments of a
 * local descriptor table; what it may not do itself faults, as in virtual-8086 mode.  Interrupts that it does not handle
 * go on in virtual-8086 mode, on a stack of the host. */
#ifndef DOS_DPMI_H
#define DOS_DPMI_H

#include "dos.h"

#define DPMI_FIRST 4u	       /* descriptors below are the kernel's */
#define DPMI_FIRST_FREE 16u    /* those below are for function 000Dh */
#define DPMI_PARAGRAPHS 0x400u /* of the client's memory, for stacks of the host */

/* Is there a host, and no client? */
bool dpmi_is_free(const struct dos *dos);
/* The far call that 2Fh/1687h tells of. */
void dpmi_enter(struct dos *dos);
/* A program ends: its protected mode, if it has one, ends too. */
void dpmi_end(struct dos *dos, uint16_t psp);

/* A fault in protected mode: n as the processor numbers it. */
void dpmi_fault(struct dos *dos, uint8_t n, uint32_t error);
/* HLT in the ROM, in virtual-8086 mode. false: no entry of ours. */
bool dpmi_real_entry(struct dos *dos, unsigned entry);
/* A tick for a handler in protected mode, or for one in virtual-8086 mode from protected mode. */
bool dpmi_wants_ticks(const struct dos *dos);
bool dpmi_deliver_tick(struct dos *dos);
/* The registers that the client is about to get: what the processor would not take is made null, or the machine is over. */
void dpmi_settle(struct dos *dos);

/* n bytes at selector:offset, or NULL. */
uint8_t *dpmi_at(struct dos *dos, uint16_t selector, uint32_t offset, uint32_t n);

/* --- dpmi_descriptors.c; numbers below 0 and errors are DPMI's --- */

#define DPMI_SELECTOR(i) ((uint16_t)((i) << 3 | 7))

enum {
	DPMI_UNSUPPORTED = 0x8001,
	DPMI_INTEGRITY = 0x8003,
	DPMI_NO_DESCRIPTOR = 0x8011,
	DPMI_NO_LINEAR = 0x8012,
	DPMI_NO_MEMORY = 0x8013,
	DPMI_NO_CALLBACK = 0x8015,
	DPMI_VALUE = 0x8021,
	DPMI_SELECTOR_INVALID = 0x8022,
	DPMI_HANDLE = 0x8023,
	DPMI_LINEAR = 0x8025,
};

void dpmi_clear_descriptors(struct dos *dos);
/* `count` in a row; the first one, or 0. */
unsigned dpmi_allocate(struct dos *dos, unsigned count, enum dpmi_use use);
/* The descriptor that a client may change: its number, or 0. */
unsigned dpmi_find(const struct dos *dos, uint16_t selector);
uint32_t dpmi_base(const struct dos *dos, unsigned i);
uint32_t dpmi_limit(const struct dos *dos, unsigned i);
bool dpmi_is_big(const struct dos *dos, uint16_t selector);
/* access: of the descriptor's byte 5; flags: of byte 6. */
void dpmi_set(
	struct dos *dos, unsigned i, uint32_t base, uint32_t limit, uint8_t access, uint8_t flags);
/* For a segment of 64 KiB in the megabyte; 0: none is free. */
uint16_t dpmi_segment_selector(struct dos *dos, uint16_t segment);
/* Functions 00xxh. */
int dpmi_descriptor_function(struct dos *dos);

/* --- dpmi_services.c --- */

/* INT 31h. */
void dpmi_services(struct dos *dos);

/* --- dpmi_modes.c: from one mode to the other, and back --- */

void dpmi_set_mode(struct dos *dos, bool is_protected);
/* Interrupt n in virtual-8086 mode with the client's registers; then it goes on behind the instruction. */
void dpmi_reflect(struct dos *dos, uint8_t n, enum dpmi_frame_kind kind);
/* Functions 0300h to 0302h. */
int dpmi_call_real(struct dos *dos);
/* ROM_ENTRY_DPMI_CALLBACK + number has been reached. */
void dpmi_callback(struct dos *dos, unsigned number);
void dpmi_callback_return(struct dos *dos);
void dpmi_real_return(struct dos *dos);
/* Enter the client's handler on the host's stack. */
bool dpmi_interrupt_client(struct dos *dos, uint8_t n);
void dpmi_interrupt_return(struct dos *dos);
void dpmi_raise(struct dos *dos, uint8_t n, uint32_t error);
void dpmi_exception_return(struct dos *dos);
void dpmi_raw_switch(struct dos *dos);

void dpmi_push(struct dos *dos, uint32_t value);
uint32_t dpmi_pop(struct dos *dos);

#endif
