#include "done.h"

#include <stddef.h>

_Thread_local struct done *done_here;

void done_note(struct undo *undo, enum done_what what, uint32_t written, uint64_t number)
{
	if (!done_here)
		return;
	undo_note(undo, done_here, offsetof(struct done, directory));
	done_here->what = what;
	done_here->written = written;
	done_here->number = number;
}
