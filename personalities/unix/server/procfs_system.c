/* The files of /proc about the whole system. */
#include <cpuid.h>
#include <mach.h>
#include <string.h>

#include <masix/server.h>

#include "machine.h"
#include "mounts.h"
#include "procfs_text.h"
#include "server.h"
#include "task.h"

#define SECOND_NS 1000000000ull
#define TICKS 100 /* USER_HZ */
#define OS_TYPE "Linux"
#define OS_RELEASE "6.1.0-masix"

/* Times of all processes, and how many run; children's times are in them once those are reaped. */
struct sums {
	uint64_t user_us, system_us, forks;
	unsigned running;
};

static void sum_up(struct sums *sums)
{
	struct process_table *t = &unix_server.table;
	int pid = 0;

	memset(sums, 0, sizeof(*sums));
	for (;;) {
		struct process *next = NULL;
		struct task_figures figures;
		unsigned threads;
		bool runs;

		table_lock();
		sums->forks = t->forks;
		for (struct process *p = t->first; p != NULL; p = p->next)
			if (p->pid > pid && (next == NULL || p->pid < next->pid))
				next = p;
		if (next == NULL) {
			table_unlock();
			return;
		}
		process_ref(next);
		pid = next->pid;
		sums->user_us += next->usage.user + next->children_usage.user;
		sums->system_us += next->usage.system + next->children_usage.system;
		table_unlock();

		if (task_figures(next->task, &figures)) {
			sums->user_us += figures.user_us;
			sums->system_us += figures.system_us;
		}
		if (task_thread_figures(next->task, &threads, &runs))
			sums->running += runs;
		table_lock();
		process_put(t, next);
		table_unlock();
	}
}

static uint64_t idle_us(const struct sums *sums)
{
	uint64_t uptime = masix_monotonic_ns() / 1000;
	uint64_t busy = sums->user_us + sums->system_us;

	return uptime > busy ? uptime - busy : 0;
}

/* Only what the kernel tells: it has no swap, no buffers, and does not count dirty pages. */
static void meminfo(struct text *text)
{
	struct memory_figures m;
	uint32_t kib = unix_server.page_size / 1024;

	if (!machine_memory(&m))
		return;
	text_append(text,
		"MemTotal:       %8u kB\nMemFree:        %8u kB\nMemAvailable:   %8u kB\n",
		m.total * kib, m.free * kib, (m.free + m.cached) * kib);
	text_append(text,
		"Buffers:        %8u kB\nCached:         %8u kB\nSwapCached:     %8u kB\n", 0,
		m.cached * kib, 0);
	text_append(text,
		"Active:         %8u kB\nInactive:       %8u kB\nUnevictable:    %8u kB\n",
		m.active * kib, m.inactive * kib, m.wired * kib);
	text_append(text, "SwapTotal:      %8u kB\nSwapFree:       %8u kB\n", 0, 0);
}

static void uptime(struct text *text)
{
	struct sums sums;
	uint64_t ns = masix_monotonic_ns();

	sum_up(&sums);
	uint64_t idle = idle_us(&sums);

	text_append(text, "%llu.%02llu %llu.%02llu\n", (unsigned long long)(ns / SECOND_NS),
		(unsigned long long)(ns % SECOND_NS / 10000000),
		(unsigned long long)(idle / 1000000), (unsigned long long)(idle % 1000000 / 10000));
}

static void loadavg(struct text *text)
{
	struct sums sums;
	uint32_t load[3];

	sum_up(&sums);
	machine_load(load);
	for (unsigned i = 0; i < 3; i++)
		text_append(text, "%u.%02u ", load[i] >> 16, (load[i] & 0xffff) * 100 >> 16);
	table_lock();
	unsigned count = unix_server.table.count;
	int last = unix_server.table.last_pid;

	table_unlock();
	text_append(text, "%u/%u %d\n", sums.running, count, last);
}

/* Not Linux's: what the kernel has, the servers' included, so that what is lost can be seen. */
static void masix(struct text *text)
{
	unsigned tasks;

	if (machine_tasks(&tasks))
		text_append(text, "tasks %u\n", tasks);
}

static void cpuinfo(struct text *text)
{
	unsigned registers[12], a, b, c, d;
	char vendor[13] = "", model[49] = "";

	if (__get_cpuid(0, &a, &b, &c, &d)) {
		memcpy(vendor, &b, 4);
		memcpy(vendor + 4, &d, 4);
		memcpy(vendor + 8, &c, 4);
	}
	if (__get_cpuid(0x80000000, &a, &b, &c, &d) && a >= 0x80000004) {
		for (unsigned i = 0; i < 3; i++)
			__get_cpuid(0x80000002 + i, &registers[4 * i], &registers[4 * i + 1],
				&registers[4 * i + 2], &registers[4 * i + 3]);
		memcpy(model, registers, sizeof(registers));
	}
	if (!__get_cpuid(1, &a, &b, &c, &d))
		a = d = 0;
	uint64_t khz = masix_start_info()->tsc_hz / 1000;

	text_append(text, "processor\t: 0\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n",
		vendor, a >> 8 & 15, (a >> 4 & 15) | (a >> 12 & 0xf0));
	text_append(text, "model name\t: %s\nstepping\t: %u\ncpu MHz\t\t: %llu.%03llu\n", model,
		a & 15, (unsigned long long)(khz / 1000), (unsigned long long)(khz % 1000));
	text_append(text, "flags\t\t:%s%s%s%s%s%s\n\n", d & 1 ? " fpu" : "",
		d >> 4 & 1 ? " tsc" : "", d >> 15 & 1 ? " cmov" : "", d >> 23 & 1 ? " mmx" : "",
		d >> 25 & 1 ? " sse" : "", d >> 26 & 1 ? " sse2" : "");
}

static void stat(struct text *text)
{
	struct sums sums;
	const uint64_t tick_us = 1000000 / TICKS;

	sum_up(&sums);
	for (unsigned i = 0; i < 2; i++)
		text_append(text, "cpu%s %llu 0 %llu %llu 0 0 0 0 0 0\n", i == 0 ? " " : "0",
			(unsigned long long)(sums.user_us / tick_us),
			(unsigned long long)(sums.system_us / tick_us),
			(unsigned long long)(idle_us(&sums) / tick_us));
	int64_t boot = (masix_realtime_ns() - (int64_t)masix_monotonic_ns()) / (int64_t)SECOND_NS;

	text_append(text, "btime %lld\nprocesses %llu\n", (long long)boot,
		(unsigned long long)sums.forks);
	text_append(text, "procs_running %u\nprocs_blocked 0\n", sums.running);
}

static void vmstat(struct text *text)
{
	struct memory_figures m;

	if (!machine_memory(&m))
		return;
	text_append(text, "nr_free_pages %u\nnr_file_pages %u\npgpgin %llu\npgpgout %llu\n", m.free,
		m.cached, (unsigned long long)m.page_ins * 4, (unsigned long long)m.page_outs * 4);
	text_append(text, "pswpin 0\npswpout 0\npgfault %llu\n", (unsigned long long)m.faults);
}

static void filesystems(struct text *text)
{
	text_append(text, "nodev\tproc\nnodev\ttmpfs\n\text2\n");
}

static void devices(struct text *text)
{
	text_append(text, "Character devices:\n  1 mem\n  4 tty\n  5 /dev/tty\n");
	text_append(text, "  5 /dev/console\n  5 /dev/ptmx\n136 pts\n240 host\n");
	text_append(text, "\nBlock devices:\n  3 ide0\n");
}

/* Name, device, major number, minor numbers, type: how ps(1) finds a terminal's name. */
static void tty_drivers(struct text *text)
{
	text_append(text, "/dev/tty             /dev/tty        5       0 system:/dev/tty\n");
	text_append(text, "/dev/console         /dev/console    5       1 system:console\n");
	text_append(text, "/dev/ptmx            /dev/ptmx       5       2 system\n");
	text_append(text, "pty_slave            /dev/pts      136    0-63 pty:slave\n");
}

static void hostname(struct text *text)
{
	char name[HOSTNAME_MAX + 1];

	table_lock();
	memcpy(name, unix_server.hostname, sizeof(name));
	table_unlock();
	text_append(text, "%s\n", name);
}

bool proc_system_text(enum proc_kind kind, struct text *text)
{
	switch (kind) {
	case PROC_MEMINFO:
		meminfo(text);
		break;
	case PROC_UPTIME:
		uptime(text);
		break;
	case PROC_LOADAVG:
		loadavg(text);
		break;
	case PROC_MASIX:
		masix(text);
		break;
	case PROC_VERSION:
		text_append(text, OS_TYPE " version " OS_RELEASE " (Masix on GNU Mach)\n");
		break;
	case PROC_CPUINFO:
		cpuinfo(text);
		break;
	case PROC_FILESYSTEMS:
		filesystems(text);
		break;
	case PROC_STAT:
		stat(text);
		break;
	case PROC_VMSTAT:
		vmstat(text);
		break;
	case PROC_SWAPS:
		text_append(text, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
		break;
	case PROC_DEVICES:
		devices(text);
		break;
	case PROC_TTY_DRIVERS:
		tty_drivers(text);
		break;
	case PROC_HOSTNAME:
		hostname(text);
		break;
	case PROC_OSTYPE:
		text_append(text, OS_TYPE "\n");
		break;
	case PROC_OSRELEASE:
		text_append(text, OS_RELEASE "\n");
		break;
	case PROC_PID_MAX:
		text_append(text, "%d\n", PID_MAX);
		break;
	default:
		return false;
	}
	return true;
}
