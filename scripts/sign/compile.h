/* The text of a manifest, one statement a line; '#' begins a comment.  See docs in acs/README.md. */
#ifndef SIGN_COMPILE_H
#define SIGN_COMPILE_H

#include <stddef.h>

#include "manifest.h"
#include "subsystems.h"

#define COMPILE_ERROR_SIZE 256

/* Everything but the image hash and the public key, which the text does not know.  0, or -1 with
 * "FILE:LINE: what is wrong" in `error`.  *needs_line is the line of the first statement `needs`, or 0. */
int compile_manifest(const char *file, const char *text, const struct subsystems *subsystems,
	struct manifest *manifest, unsigned *needs_line, char error[COMPILE_ERROR_SIZE]);

#endif
