/* The text screen: 80 x 25 cells at B800:0, which programs write to through INT 10h or themselves, shown on the caller's
 * terminal.
 *
 * As long as a program only prints, its characters go to the terminal as they come, so that it behaves as any other
 * program there.  The first one that is placed (or written to the memory) makes the terminal a screen: from then
 * on what differs from what is shown is drawn, before each wait and with each tick. */
#ifndef DOS_VIDEO_H
#define DOS_VIDEO_H

#include "dos.h"

#define VIDEO_COLUMNS 80
#define VIDEO_ROWS 25

void video_init(struct dos *dos);
/* A character at the cursor: CR, LF, BS and BEL act. */
void video_put(struct dos *dos, uint8_t c);
/* INT 10h */
void video_interrupt(struct dos *dos);
/* Draw what has changed. */
void video_refresh(struct dos *dos);
/* The machine is over: leave the terminal as programs do. */
void video_end(struct dos *dos);

/* Code page 437: the character as UTF-8, its length; and back (0: it has none). */
unsigned code_page_to_utf8(uint8_t c, char out[4]);
uint8_t code_page_from(uint32_t code);

#endif
