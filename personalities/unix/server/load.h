#ifndef UNIX_LOAD_H
#define UNIX_LOAD_H

/* Measure the load (every 5 seconds) for machine_load; called by the watchdog. */
void load_sample(void);

#endif
