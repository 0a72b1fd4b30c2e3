/* Timers that send signals: interval timers, POSIX timers, the limit of processor time. */
#ifndef EMUL_TIMERS_H
#define EMUL_TIMERS_H

#include "emul.h"

enum timers_interval { TIMERS_REAL, TIMERS_VIRTUAL, TIMERS_PROF, TIMERS_INTERVALS };

/* setitimer: `value` ns from now (0 = off), then every `interval` ns (0 = once); what was left before. */
void timers_set(enum timers_interval which, uint64_t value, uint64_t interval);
void timers_get(enum timers_interval which, uint64_t *value, uint64_t *interval);
/* RLIMIT_CPU has changed. */
void timers_limit(void);

/* The service thread: send what is due.  How long it may sleep then, ms; 0 = for ever. */
uint32_t timers_run(void);

/* `info` of a timer's signal is about to be told: says how often the timer ran out meanwhile. */
void timers_told(struct masix_siginfo *info);

void timers_fork_prepare(void);
void timers_fork_parent(void);
void timers_fork_child(void);
/* exec: POSIX timers end. */
void timers_exec(void);

#endif
