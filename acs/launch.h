/* Tasks made from images, and the measure of images in memory and in tasks. */
#ifndef ACS_LAUNCH_H
#define ACS_LAUNCH_H

#include <mach/mach_types.h>
#include <stddef.h>
#include <stdint.h>

#include "image.h"
#include "manifest.h"

/* Pages [address, address + size) that a server keeps for its successor, see acs_keep: a main range, and others. */
#define LAUNCH_KEPT 16
struct kept {
	unsigned count; /* 0: it keeps nothing, and nobody inherits */
	struct kept_range {
		uint32_t address, size;
	} ranges[LAUNCH_KEPT];
};

/* What a task inherits: kept pages of `task`, shared with it. */
struct launch_parent {
	mach_port_t task;
	const struct kept *kept;
};

/* Measure the image loaded in a suspended task.  0 or an error with *why a static text. */
kern_return_t launch_measure_task(mach_port_t task, uint8_t hash[MASIX_HASH_SIZE], const char **why)
	__attribute__((warn_unused_result));

/* Is this image file the one of the manifest?  0, MASIX_E_DENIED (no), MASIX_E_BAD_FORMAT. */
kern_return_t launch_check_image(const uint8_t *image, size_t size, const struct manifest *manifest,
	const char **why) __attribute__((warn_unused_result));

/* The ELF headers of the image that the kernel has loaded into a suspended task, at its lowest address. */
kern_return_t launch_read_headers(mach_port_t task, struct masix_elf *elf, const char **why)
	__attribute__((warn_unused_result));

/* A suspended task with the image loaded and one thread at its entry point.
 * With a parent, its kept pages are in the new task too, and nothing else of it.
 * The caller owns the task's send right. */
kern_return_t launch_task(const struct image *image, const char *name,
	const struct launch_parent *parent, mach_port_t *task, const char **why)
	__attribute__((warn_unused_result));

#endif
