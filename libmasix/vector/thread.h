/* The block that every thread of a task with a vector has at %fs:0.  It exists before glibc's
 * thread-local storage (%gs) and in threads that never get one.  The Unix emulation library
 * embeds it as the first member of its own block.  Everything in vector/ and mach/ compiles with
 * this header only and calls nothing of glibc. */
#ifndef LIBMASIX_THREAD_H
#define LIBMASIX_THREAD_H

#include <mach/mach_types.h>
#include <stddef.h>
#include <stdint.h>

#define VECTOR_FS_SELECTOR 0x53 /* the block; second GDT slot of a thread */
#define VECTOR_GS_SELECTOR 0x4b /* the program's TLS; first slot */
#define VECTOR_SEND_UNBOUND 0xffffffffu

struct vector_thread {
	struct vector_thread *self;
	mach_port_t reply_port; /* for MIG; made on first use */
	mach_port_t port;	/* this thread; one reference */
	uint32_t send_bound;	/* ms that a send without reply may block */
	uint32_t call_bound;	/* ms that a call may wait; 0: no bound */
	uint32_t id;		/* as gettid tells */
	uint32_t *clear_tid;	/* CLONE_CHILD_CLEARTID, or NULL */
};

/* Of the task; set once by start-up code before anything here is used. */
struct vector_task {
	mach_port_t task;
	mach_port_t host;
	uint32_t messages; /* sent so far, for measurements */
};
extern struct vector_task vector_task;

/* The calling thread's block; NULL while the first thread has none yet. */
static inline struct vector_thread *vector_thread(void)
{
	struct vector_thread *thread;
	uint32_t selector;

	__asm__ volatile("movl %%fs, %0" : "=r"(selector));
	if ((selector & 0xffff) != VECTOR_FS_SELECTOR)
		return NULL;
	__asm__ volatile("movl %%fs:0, %0" : "=r"(thread));
	return thread;
}

static inline uint32_t vector_send_bound(void)
{
	struct vector_thread *thread = vector_thread();

	return thread != NULL ? thread->send_bound : VECTOR_SEND_UNBOUND;
}

static inline uint32_t vector_call_bound(void)
{
	struct vector_thread *thread = vector_thread();

	return thread != NULL ? thread->call_bound : 0;
}

/* Make `selector` of `thread` a flat data segment of `limit` (in pages if limit_in_pages)
 * from `base`. */
kern_return_t vector_set_segment(mach_port_t thread, int selector, uint32_t base, uint32_t limit,
	int limit_in_pages) __attribute__((warn_unused_result));

#endif
