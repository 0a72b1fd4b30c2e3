/* What the programs about threads share. */
#ifndef THREAD_H
#define THREAD_H

#include "check.h"

#include <pthread.h>

static inline pid_t thread_id(void)
{
	return (pid_t)syscall(SYS_gettid);
}

static inline pthread_t start(void *(*run)(void *), void *argument)
{
	pthread_t thread;

	EQUAL(pthread_create(&thread, NULL, run, argument), 0);
	return thread;
}

static inline void *join(pthread_t thread)
{
	void *result;

	EQUAL(pthread_join(thread, &result), 0);
	return result;
}

static inline void *wait_for_ever(void *argument)
{
	(void)argument;
	for (;;)
		pause();
	return NULL;
}

static inline void *add_one(void *argument)
{
	return (char *)argument + 1;
}

#endif
