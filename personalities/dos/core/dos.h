/* A DOS machine: everything that its services keep outside the program's reach. */
#ifndef DOS_DOS_H
#define DOS_DOS_H

#include "arena.h"
#include "error.h"
#include "guest.h"
#include "names.h"
#include "world.h"

#define DOS_FILES 64 /* open at a time, all programs together */
#define DOS_DRIVES 26
#define DOS_PROCESSES 32     /* programs that wait for the one they started */
#define DOS_SEARCHES 32	     /* find first/next under way */
#define DOS_DIRECTORY_MAX 67 /* of a current directory, with its NUL */
#define DOS_KEYS 64	     /* typed and not read */
#define DPMI_DESCRIPTORS 512u
#define DPMI_LEVELS 8u /* calls from one mode to the other, inside each other */
#define DPMI_CALLBACKS 16u
#define DPMI_EXCEPTIONS 32u
#define DOS_EXTENDED 128 /* blocks above the megabyte */
#define DOS_EMS_PAGE 0x4000u
#define DOS_EMS_PAGES 512u
#define DOS_EMS_PLACES 4u /* in the page frame */
#define DOS_EMS_HANDLES 64
#define EMS_UNMAPPED 0xffffu

/* Where things lie in the low megabyte (segments). */
#define SEGMENT_BIOS_DATA 0x0040u
#define SEGMENT_DOS_DATA 0x0070u
#define SEGMENT_FIRST_MCB 0x0200u
#define SEGMENT_MEMORY_END 0xa000u
#define SEGMENT_UPPER_MCB 0xc800u /* upper memory blocks */
#define SEGMENT_UPPER_END 0xe000u
#define SEGMENT_EMS_FRAME 0xe000u
#define SEGMENT_ROM 0xf000u

/* The machine's own handler of interrupt n: HLT, IRET at ROM_HANDLERS + 4 n in its ROM. */
#define ROM_HANDLERS 0x1000u
/* Further HLTs behind them, for what is called by a far call. */
#define ROM_ENTRY_XMS 256u /* in units of 4 bytes */
#define ROM_ENTRY_CPM 257u
#define ROM_ENTRY_CASE_MAP 258u
#define ROM_ENTRY_AGAIN 259u
#define ROM_ENTRY_CRITICAL 262u /* the two before it are the rest of AGAIN */
/* DPMI: in virtual-8086 mode, or in the host's code segment. */
#define ROM_ENTRY_DPMI 264u
#define ROM_ENTRY_DPMI_RETURN 265u
#define ROM_ENTRY_DPMI_SWITCH 266u
#define ROM_ENTRY_DPMI_STATE 267u
#define ROM_ENTRY_DPMI_CALLBACK_RETURN 268u
#define ROM_ENTRY_DPMI_INTERRUPT_RETURN 269u
#define ROM_ENTRY_DPMI_EXCEPTION_RETURN 270u
#define ROM_ENTRY_EMS 271u
#define ROM_ENTRY_DPMI_CALLBACK 272u  /* and the next ones */
#define ROM_ENTRY_DPMI_EXCEPTION 288u /* and the next ones */
#define ROM_ENTRIES 320u
#define ROM_AGAIN (ROM_HANDLERS + 4 * ROM_ENTRY_AGAIN) /* HLT, INT 21h, RETF 2 */
#define ROM_CRITICAL (ROM_HANDLERS + 4 * ROM_ENTRY_CRITICAL)

#define ROM_XMS                                                                                    \
	0x0f80u /* a jump over three NOPs, which other drivers replace, and one to ROM_ENTRY_XMS */
#define ROM_FONT16 0x2000u /* where the machine has the screen */
#define ROM_FONT8 0x3000u
#define ROM_MEDIA 0x0ff0u /* the byte F8h: a fixed disk */

/* Offsets in SEGMENT_DOS_DATA. */
#define DOS_DATA_LEAD_BYTES 0x14u
#define DOS_DATA_LISTS 0x26u
#define DOS_DATA_DISK_HEADER 0x80u /* of the disks, as far as INT 24h shows one */
#define DOS_DATA_SWAPPABLE 0xa0u   /* the swappable data area, as far as programs look at it */
#define DOS_DATA_IN_DOS 0xa1u

enum dos_file_kind {
	DOS_FILE_FREE,
	DOS_FILE_DISK,
	DOS_FILE_STREAM, /* of the caller, no terminal */
	DOS_FILE_CONSOLE,
	DOS_FILE_NUL,
	DOS_FILE_AUX,
	DOS_FILE_PRN,
	DOS_FILE_CLOCK,
	DOS_FILE_EMS,
};

struct dos_file { /* an entry of the system file table */
	enum dos_file_kind kind;
	unsigned uses; /* handles, and FCBs that have it open */
	uint8_t mode;  /* as given to function 3Dh */
	int stream;    /* of a STREAM */
	int file;      /* the world's, of a DISK */
	bool binary;   /* of a device: function 44h/01h */
	bool at_end;   /* input has ended: 44h/06h */
	bool written;
	bool is_fcb;   /* opened by an FCB */
	uint8_t drive; /* 0 = A */
	uint8_t field[NAME_FIELD];
	uint16_t owner; /* PSP */
	uint32_t position, size;
	uint64_t inode; /* with the device: which file it is */
	uint32_t device;
	int64_t mtime;
	char path[WORLD_PATH_MAX]; /* of the caller */
};

struct dos_search {
	uint16_t serial; /* in the DTA too; 0: free */
	uint32_t used;	 /* clock of the last use */
	char *names;	 /* NUL-terminated, one after the other */
	uint32_t size, room;
	char directory[WORLD_PATH_MAX];
};

struct dos_drive {
	bool is_there;
	char root[WORLD_PATH_MAX];	   /* "" or "/path", no slash at the end */
	char directory[DOS_DIRECTORY_MAX]; /* "" or "NAME\NAME", without drive */
};

enum dos_extended_use {
	DOS_EXTENDED_FREE,
	DOS_EXTENDED_XMS,
	DOS_EXTENDED_DPMI,
};

struct dos_extended { /* extended.h */
	uint8_t *memory;
	uint32_t size;
	uint16_t locks;
	enum dos_extended_use use;
};

struct dos_ems_handle {
	bool used, is_saved;
	uint16_t pages;
	uint8_t name[8];
	uint16_t saved[DOS_EMS_PLACES];
};

struct dos_ems_owner { /* of a page */
	bool is_used;
	uint8_t handle;
	uint16_t logical;
};

struct dos_ems {	 /* ems.h */
	uint8_t *memory; /* all pages; NULL: none was ever asked for */
	struct dos_ems_handle handles[DOS_EMS_HANDLES];
	struct dos_ems_owner owners[DOS_EMS_PAGES];
	unsigned used;			 /* pages */
	uint16_t mapped[DOS_EMS_PLACES]; /* pages, or EMS_UNMAPPED */
};

enum dpmi_use {
	DPMI_USE_NONE,
	DPMI_USE_CLIENT,
	DPMI_USE_SEGMENT, /* of function 0002h: not to be changed */
	DPMI_USE_HOST,
};

enum dpmi_frame_kind {
	DPMI_FRAME_INTERRUPT, /* of the client, served in virtual-8086 mode */
	DPMI_FRAME_CALL,
	DPMI_FRAME_CALLBACK,
	DPMI_FRAME_EXCEPTION,
	DPMI_FRAME_TICK, /* in either mode; nothing comes back */
};

struct dpmi_frame {
	enum dpmi_frame_kind kind;
	struct cpu cpu; /* what was left */
	uint16_t structure_selector;
	uint32_t structure_offset;
};

struct dpmi_address {
	uint16_t selector; /* 0: the host's own */
	uint32_t offset;
};

struct dpmi_callback {
	bool used;
	struct dpmi_address handler, structure;
};

struct dpmi { /* the client (dpmi.h) */
	bool is_active, is_32;
	uint16_t psp, private_segment, environment;
	uint16_t code, stack, callback_stack, environment_selector;
	uint8_t ldt[DPMI_DESCRIPTORS][8], used[DPMI_DESCRIPTORS];
	struct dpmi_address vectors[256], exceptions[DPMI_EXCEPTIONS];
	struct dpmi_callback callbacks[DPMI_CALLBACKS];
	struct dpmi_frame frames[DPMI_LEVELS];
	unsigned depth;
};

struct dos_process { /* one that waits */
	struct cpu cpu;
	uint16_t psp;
	uint16_t dta_segment, dta_offset;
};

struct dos_lock {
	bool used;
	uint8_t file; /* of the system file table */
	uint16_t owner;
	uint32_t start, end;
};

enum dos_end { /* as function 4Dh tells */
	DOS_END_NORMAL,
	DOS_END_BREAK,
	DOS_END_ERROR,
	DOS_END_RESIDENT,
};

struct dos {
	uint8_t *memory; /* GUEST_MEMORY bytes */
	struct cpu cpu;
	struct world *world;
	struct arena arena, upper;
	bool upper_linked; /* INT 21h/58h: programs get upper memory blocks too */
	struct dos_extended extended[DOS_EXTENDED];
	bool hma_used;
	struct dpmi dpmi;
	struct dos_ems ems;

	/* The machine is over: the code that its caller gets. */
	bool is_over;
	enum dos_end end;
	uint8_t exit_code;
	const char *crash; /* why it was ended, or NULL */

	uint16_t psp; /* of the current program */
	uint16_t dta_segment, dta_offset;
	uint8_t drive; /* current, 0 = A */
	struct dos_drive drives[DOS_DRIVES];
	struct dos_file files[DOS_FILES];
	struct dos_search searches[DOS_SEARCHES];
	struct dos_lock locks[64];
	uint16_t search_serial;
	uint32_t search_clock;
	struct dos_process processes[DOS_PROCESSES];
	unsigned depth; /* of processes */
	uint8_t child_code;
	enum dos_end child_end;

	uint8_t error, error_class, error_action, error_place; /* function 59h */
	bool verify;
	bool break_check;
	char switch_character;
	uint8_t version_major, version_minor;
	uint32_t temporary;    /* number of the next temporary file */
	int32_t clock_seconds; /* how far functions 2Bh and 2Dh moved this machine's clock */

	/* Keyboard: what was typed, as BIOS codes (scan code high, character low). */
	uint16_t keys[DOS_KEYS];
	unsigned key_first, key_count;
	uint8_t key_second; /* of an extended key that function 07h returns in two parts; 0: none */
	bool input_ended;
	bool after_return; /* the last line ended with CR: a LF behind it is no line */
	uint8_t line[256]; /* of a line being read from the console (3Fh) */
	unsigned line_length, line_at;
	unsigned polls; /* of an empty keyboard, one after the other */

	/* Screen: what the terminal shows (video.h). */
	bool is_screen;
	const struct vga_mode *vga_mode; /* on the VGA itself */
	uint8_t shown[4000], shown_cursor[2];

	/* Of the call of INT 21h that is being served. */
	struct cpu call;
	bool is_broken; /* Ctrl-C ended it: the registers are no longer its own */
	uint16_t again_sp;

	/* Of a call that failed, while the handler of INT 24h has it (critical.c). */
	bool is_critical;
	struct cpu critical, critical_failed; /* as it came, and as it goes if it fails */

	uint64_t ticks_seen;
	unsigned clock_polls; /* INT 1Ah/00h, one after the other */

	/* Chips (ports.c). */
	uint8_t interrupt_mask, speaker, clock_register, crt_register, crt[32], retrace;
	uint16_t timer_latch;
	bool timer_high;
};

/* The machine as it is when no program is loaded. */
void dos_init(struct dos *dos, uint8_t *memory, struct world *world);

/* Load the program whose DOS path this is as the first one, with its command tail and `size` bytes of environment strings,
 * each with its NUL. */
int dos_run(struct dos *dos, const char *path, const char *tail, const char *environment,
	unsigned size);

/* The processor's HLT in our ROM or an INT that nobody has hooked: do what interrupt n is for.  The instruction
 * pointer is behind it already. */
void dos_interrupt(struct dos *dos, uint8_t n);
/* An entry that is called far (ROM_ENTRY_*); the return address is still on the stack. */
void dos_entry(struct dos *dos, unsigned entry);

/* The machine ends; `why` is told to the caller. */
void dos_crash(struct dos *dos, const char *why);

static inline uint8_t *dos_at(struct dos *dos, uint16_t segment, uint16_t offset)
{
	return guest_at(dos->memory, segment, offset);
}

static inline uint8_t *dos_block(struct dos *dos, uint16_t segment, uint16_t offset, uint32_t n)
{
	return guest_block(dos->memory, segment, offset, n);
}

static inline uint8_t *dos_bios_data(struct dos *dos, uint16_t offset)
{
	return dos->memory + (SEGMENT_BIOS_DATA << 4) + offset;
}

/* The stack of the program. */
static inline void dos_push(struct dos *dos, uint16_t value)
{
	dos->cpu.sp = (uint16_t)(dos->cpu.sp - 2);
	put16(dos_at(dos, dos->cpu.ss, dos->cpu.sp), value);
}

static inline uint16_t dos_pop(struct dos *dos)
{
	uint16_t value = get16(dos_at(dos, dos->cpu.ss, dos->cpu.sp));

	dos->cpu.sp = (uint16_t)(dos->cpu.sp + 2);
	return value;
}

#endif
