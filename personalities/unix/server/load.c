/* The load average of proc(5): the kernel's own, over 5 seconds, averaged over 1, 5 and 15 minutes. */
#include "load.h"

#include <mach.h>
#include <mach/host_info.h>
#include <mach_host.h>
#include <masix/mach.h>
#include <pthread.h>
#include <string.h>

#include "machine.h"

#define ONE 65536u
#define KERNEL_SCALE 1000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t average[3]; /* lock; 16.16 */

void machine_load(uint32_t load[3])
{
	pthread_mutex_lock(&lock);
	memcpy(load, average, sizeof(average));
	pthread_mutex_unlock(&lock);
}

void load_sample(void)
{
	/* exp(-5s / 1, 5, 15 min) in 16.16 */
	static const uint32_t decay[3] = { 60296, 64452, 65173 };
	struct host_load_info info = { 0 };
	mach_msg_type_number_t count = HOST_LOAD_INFO_COUNT;

	if (host_info(mach_host_self(), HOST_LOAD_INFO, (host_info_t)&info, &count) != KERN_SUCCESS)
		return;
	uint64_t now = (uint64_t)info.avenrun[0] * ONE / KERNEL_SCALE;

	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < 3; i++)
		average[i] = ((uint64_t)average[i] * decay[i] + now * (ONE - decay[i])) / ONE;
	pthread_mutex_unlock(&lock);
}
