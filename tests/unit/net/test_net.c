/* The pure parts of the network server: names and addresses, the queue of what was received. */
#include <masix/error.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "address.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/tcp.h"
#include "queue.h"

/* What the stack takes from the rest of it. */
const ip_addr_t ip_addr_any_type = IPADDR_ANY_TYPE_INIT;
struct tcp_pcb *tcp_active_pcbs;

void tcp_free_ooseq(struct tcp_pcb *pcb)
{
	(void)pcb;
}

struct netif *netif_find(const char *name)
{
	(void)name;
	return NULL;
}

void *port_malloc(size_t size)
{
	return malloc(size);
}

void *port_calloc(size_t count, size_t size)
{
	return calloc(count, size);
}

void port_free(void *memory)
{
	free(memory);
}

uint32_t port_random(void)
{
	return 4;
}

void port_failed(const char *what, const char *file, int line)
{
	fail_msg("%s (%s:%d)", what, file, line);
	abort();
}

static struct masix_inet_name name4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct masix_inet_name){ .address = {
						 [10] = 0xff, [11] = 0xff, [12] = a, b, c, d } };
}

static void version_4(void **state)
{
	struct masix_inet_name name = name4(10, 0, 2, 15), back;
	ip_addr_t address;

	(void)state;
	name.port = 80;
	assert_int_equal(address_read(&name, MASIX_INET, false, &address), 0);
	assert_true(IP_IS_V4_VAL(address));
	address_write(&address, 80, MASIX_INET, &back);
	assert_memory_equal(&name, &back, sizeof name);
	/* The same for a socket of version 6, unless it is only that. */
	assert_int_equal(address_read(&name, MASIX_INET6, false, &address), 0);
	assert_true(IP_IS_V4_VAL(address));
	assert_int_equal(address_read(&name, MASIX_INET6, true, &address), MASIX_E_FAMILY);
}

static void version_6(void **state)
{
	struct masix_inet_name name = { .address = { 0x20, 1, [15] = 7 } }, back;
	ip_addr_t address;

	(void)state;
	assert_int_equal(address_read(&name, MASIX_INET, false, &address), MASIX_E_FAMILY);
	assert_int_equal(address_read(&name, MASIX_INET6, false, &address), 0);
	assert_true(IP_IS_V6_VAL(address));
	address_write(&address, 0, MASIX_INET6, &back);
	assert_memory_equal(&name, &back, sizeof name);
	/* A link-local one belongs to an interface. */
	name = (struct masix_inet_name){ .address = { 0xfe, 0x80, [15] = 1 }, .scope = 2 };
	assert_int_equal(address_read(&name, MASIX_INET6, false, &address), 0);
	address_write(&address, 0, MASIX_INET6, &back);
	assert_int_equal(back.scope, 2);
}

static void any_address(void **state)
{
	static const struct masix_inet_name none;
	struct masix_inet_name name = name4(0, 0, 0, 0), back;
	ip_addr_t address;

	(void)state;
	assert_int_equal(address_read(&name, MASIX_INET, false, &address), 0);
	assert_true(address_is_any(&address) && IP_IS_V4_VAL(address));
	assert_int_equal(address_read(&none, MASIX_INET6, false, &address), 0);
	assert_true(address_is_any(&address) && IP_IS_ANY_TYPE_VAL(address));
	address_write(&address, 0, MASIX_INET6, &back);
	assert_memory_equal(&none, &back, sizeof none);
	assert_int_equal(address_read(&none, MASIX_INET6, true, &address), 0);
	assert_true(
		address_is_any(&address) && IP_IS_V6_VAL(address) && !IP_IS_ANY_TYPE_VAL(address));
}

static void networks(void **state)
{
	uint32_t address, mask;

	(void)state;
	assert_true(address_parse_network("10.0.2.15/8", &address, &mask));
	assert_int_equal(lwip_ntohl(address), 0x0a00020f);
	assert_int_equal(lwip_ntohl(mask), 0xff000000);
	assert_true(address_parse_network("1.2.3.4", &address, &mask));
	assert_true(address_parse_network("0.0.0.0/0", &address, &mask));
	assert_int_equal(mask, 0);
	assert_false(address_parse_network("", &address, &mask));
	assert_false(address_parse_network("10.0.2.15/33", &address, &mask));
	assert_false(address_parse_network("10.0.2.15/", &address, &mask));
	assert_false(address_parse_network("10.0.2.15/8x", &address, &mask));
	assert_false(address_parse_network("10.0.2.15/-1", &address, &mask));
	assert_false(address_parse_network("10.0.2.999", &address, &mask));
	assert_false(address_parse_network("a name that is much too long", &address, &mask));
}

/* --- The queue --- */

static void add(struct queue *queue, const char *text)
{
	struct pbuf *data = pbuf_alloc(PBUF_RAW, (u16_t)strlen(text), PBUF_RAM);

	assert_int_equal(pbuf_take(data, text, (u16_t)strlen(text)), ERR_OK);
	assert_true(queue_add(queue, data, NULL, 0));
}

static void a_stream_is_read_in_any_pieces(void **state)
{
	struct queue queue = { NULL, NULL, 0 };
	char text[16] = "";

	(void)state;
	add(&queue, "abc");
	add(&queue, "defgh");
	add(&queue, "i");
	assert_int_equal(queue.bytes, 9);
	assert_int_equal(queue_read(&queue, text, 5, true), 5);
	assert_memory_equal(text, "abcde", 5);
	assert_int_equal(queue.bytes, 9);
	assert_int_equal(queue_read(&queue, text, 2, false), 2);
	assert_int_equal(queue_read(&queue, text, 4, false), 4);
	assert_memory_equal(text, "cdef", 4);
	assert_int_equal(queue.bytes, 3);
	assert_int_equal(queue_read(&queue, text, 10, false), 3);
	assert_memory_equal(text, "ghi", 3);
	assert_int_equal(queue.bytes, 0);
	assert_null(queue.first);
	assert_null(queue.last);
	add(&queue, "again");
	assert_int_equal(queue_read(&queue, text, 10, false), 5);
}

static void packets_keep_their_borders(void **state)
{
	struct queue queue = { NULL, NULL, 0 };
	char text[16] = "";

	(void)state;
	add(&queue, "first");
	add(&queue, "second");
	assert_int_equal(queue_copy(&queue, text, 3), 3);
	assert_memory_equal(text, "fir", 3);
	queue_drop_first(&queue);
	assert_int_equal(queue.bytes, 6);
	assert_int_equal(queue_copy(&queue, text, sizeof text), 6);
	/* The sanitizer tells what is not given back. */
	queue_clear(&queue);
	assert_int_equal(queue.bytes, 0);
	assert_null(queue.last);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_4),
		cmocka_unit_test(version_6),
		cmocka_unit_test(any_address),
		cmocka_unit_test(networks),
		cmocka_unit_test(a_stream_is_read_in_any_pieces),
		cmocka_unit_test(packets_keep_their_borders),
	};

	return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
