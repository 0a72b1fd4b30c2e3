/* The calls of a server's vector, one file per subject.  Each gets the caller's registers and returns a
 * result or a negative Linux error number. */
#ifndef LIBMASIX_CALLS_H
#define LIBMASIX_CALLS_H

#include "start/start.h"

/* Arguments in i386 order. */
#define A1 r->ebx
#define A2 r->ecx
#define A3 r->edx
#define A4 r->esi
#define A5 r->edi
#define A6 r->ebp

#define PROCESS_ID 1 /* every server sees itself as process 1 */

struct __kernel_old_timespec;
struct __kernel_timespec;

/* A time in ns; -1 if malformed. */
int64_t ns_of_old(const struct __kernel_old_timespec *time);
int64_t ns_of(const struct __kernel_timespec *time);

int call_brk(const struct vector_registers *r);
int call_mmap2(const struct vector_registers *r);
int call_munmap(const struct vector_registers *r);
int call_mprotect(const struct vector_registers *r);
int call_mremap(const struct vector_registers *r);
int call_madvise(const struct vector_registers *r);
int call_mlock(const struct vector_registers *r);
int call_clone(const struct vector_registers *r);
int call_exit(const struct vector_registers *r);
int call_exit_group(const struct vector_registers *r);
int call_set_thread_area(const struct vector_registers *r);
int call_set_tid_address(const struct vector_registers *r);
int call_getpid(const struct vector_registers *r);
int call_gettid(const struct vector_registers *r);
int call_sched_yield(const struct vector_registers *r);
int call_sched_getaffinity(const struct vector_registers *r);
int call_futex(const struct vector_registers *r);
int call_futex_time64(const struct vector_registers *r);
int call_clock_gettime(const struct vector_registers *r);
int call_clock_gettime64(const struct vector_registers *r);
int call_gettimeofday(const struct vector_registers *r);
int call_time(const struct vector_registers *r);
int call_nanosleep(const struct vector_registers *r);
int call_clock_nanosleep(const struct vector_registers *r);
int call_clock_nanosleep_time64(const struct vector_registers *r);
int call_write(const struct vector_registers *r);
int call_writev(const struct vector_registers *r);
int call_read(const struct vector_registers *r);
int call_close(const struct vector_registers *r);
int call_fstat64(const struct vector_registers *r);
int call_statx(const struct vector_registers *r);
int call_ioctl(const struct vector_registers *r);
int call_fcntl64(const struct vector_registers *r);
int call_lseek(const struct vector_registers *r);
int call_rt_sigaction(const struct vector_registers *r);
int call_rt_sigprocmask(const struct vector_registers *r);
int call_tgkill(const struct vector_registers *r);
int call_kill(const struct vector_registers *r);

#endif
