/* What lwIP asks of the system: time, random numbers, memory with a limit. */
#include <mach.h>
#include <mach/vm_statistics.h>
#include <malloc.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <sodium/crypto_generichash.h>
#include <sodium/randombytes.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "hooks.h"
#include "lwip/sys.h"

#define MEMORY_PART 16 /* of what is free when we start may be in packets and sockets */

static size_t used, limit; /* core lock */

void port_memory_init(void)
{
	struct vm_statistics statistics = { 0 };

	if (vm_statistics(mach_task_self(), &statistics) == KERN_SUCCESS)
		limit = (size_t)statistics.free_count * (size_t)statistics.pagesize / MEMORY_PART;
}

void *port_malloc(size_t size)
{
	void *memory = used + size <= limit ? malloc(size) : NULL;

	if (memory != NULL)
		used += malloc_usable_size(memory);
	return memory;
}

void *port_calloc(size_t count, size_t size)
{
	size_t all;
	void *memory = __builtin_mul_overflow(count, size, &all) ? NULL : port_malloc(all);

	return memory != NULL ? memset(memory, 0, all) : NULL;
}

void port_free(void *memory)
{
	if (memory != NULL)
		used -= malloc_usable_size(memory);
	free(memory);
}

uint32_t port_random(void)
{
	return randombytes_random();
}

uint32_t sys_now(void)
{
	return (uint32_t)(masix_monotonic_ns() / 1000000);
}

static void hash_address(crypto_generichash_state *state, const ip_addr_t *address)
{
	if (IP_IS_V4(address))
		(void)crypto_generichash_update(
			state, (const void *)ip_2_ip4(address), sizeof(ip4_addr_t));
	else
		(void)crypto_generichash_update(state, (const void *)ip_2_ip6(address)->addr,
			sizeof ip_2_ip6(address)->addr);
}

uint32_t port_first_sequence(const ip_addr_t *local_ip, uint16_t local_port,
	const ip_addr_t *remote_ip, uint16_t remote_port)
{
	static uint8_t secret[crypto_generichash_KEYBYTES];
	static int has_secret;
	const uint16_t ports[] = { local_port, remote_port };
	uint8_t hash[crypto_generichash_BYTES_MIN];
	crypto_generichash_state state;
	uint32_t first;

	if (!has_secret)
		randombytes_buf(secret, sizeof secret);
	has_secret = 1;
	(void)crypto_generichash_init(&state, secret, sizeof secret, sizeof hash);
	hash_address(&state, local_ip);
	hash_address(&state, remote_ip);
	(void)crypto_generichash_update(&state, (const void *)ports, sizeof ports);
	(void)crypto_generichash_final(&state, hash, sizeof hash);
	memcpy(&first, hash, sizeof first);
	/* A clock of 4 us, so that a new connection starts above what is left of the last one. */
	return first + (uint32_t)(masix_monotonic_ns() / 4000);
}

void port_failed(const char *what, const char *file, int line)
{
	masix_log("lwIP: %s (%s:%d)", what, file, line);
	abort();
}
