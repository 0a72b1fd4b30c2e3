#ifndef FAKE_NOTIFY_H
#define FAKE_NOTIFY_H

#define MACH_NOTIFY_DEAD_NAME 72

#endif
