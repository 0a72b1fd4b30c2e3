#include <masix/virtqueue.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIZE 8
#define BUFFERS 4
#define PHYSICAL 0x100000u
#define BUFFER 2048

/* The ring as the device sees it. */
struct fixture {
	struct virtqueue queue;
	uint8_t *ring, *memory;
	uint16_t free[BUFFERS];
	uint16_t device_seen;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	assert_int_equal(virtqueue_ring_bytes(SIZE), 2 * VIRTQUEUE_PAGE);
	fixture->ring = aligned_alloc(VIRTQUEUE_PAGE, virtqueue_ring_bytes(SIZE));
	fixture->memory = aligned_alloc(VIRTQUEUE_PAGE, BUFFERS * BUFFER);
	memset(fixture->ring, 0, virtqueue_ring_bytes(SIZE));

	const struct virtqueue_buffers buffers = { fixture->memory, PHYSICAL, BUFFERS, BUFFER,
		fixture->free };

	virtqueue_init(&fixture->queue, SIZE, fixture->ring, false, &buffers);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	free(fixture->ring);
	free(fixture->memory);
	free(fixture);
	return 0;
}

/* The device takes the next available buffer; its descriptor number. */
static unsigned device_take(struct fixture *fixture)
{
	const uint16_t *available = (const uint16_t *)(void *)(fixture->ring + SIZE * 16);

	assert_int_not_equal(available[1], fixture->device_seen);
	return available[2 + fixture->device_seen++ % SIZE];
}

static void device_return(struct fixture *fixture, uint32_t id, uint32_t length)
{
	uint16_t *used = (uint16_t *)(void *)(fixture->ring + VIRTQUEUE_PAGE);
	uint32_t entry[2] = { id, length };

	memcpy((uint8_t *)(used + 2) + used[1] % SIZE * 8, entry, sizeof entry);
	used[1]++;
}

static uint64_t descriptor_address(const struct fixture *fixture, unsigned id)
{
	uint64_t address;

	memcpy(&address, fixture->ring + id * 16, sizeof address);
	return address;
}

static void buffers_go_round(void **state)
{
	struct fixture *fixture = *state;
	size_t length;

	/* Often enough for all the indexes to wrap. */
	for (unsigned i = 0; i < 70000; i++) {
		uint8_t *buffer = virtqueue_peek(&fixture->queue);
		unsigned id;

		assert_non_null(buffer);
		virtqueue_give(&fixture->queue, 100);
		id = device_take(fixture);
		assert_int_equal(descriptor_address(fixture, id),
			PHYSICAL + (uint64_t)(buffer - fixture->memory));
		assert_null(virtqueue_take(&fixture->queue, &length));
		device_return(fixture, id, 7);
		assert_ptr_equal(virtqueue_take(&fixture->queue, &length), buffer);
		assert_int_equal(length, 7);
	}
}

static void all_buffers_can_be_under_way(void **state)
{
	struct fixture *fixture = *state;
	size_t length;

	for (unsigned i = 0; i < BUFFERS; i++) {
		assert_non_null(virtqueue_peek(&fixture->queue));
		virtqueue_give(&fixture->queue, BUFFER);
	}
	assert_null(virtqueue_peek(&fixture->queue));
	(void)device_take(fixture);
	device_return(fixture, device_take(fixture), 1);
	assert_non_null(virtqueue_take(&fixture->queue, &length));
	assert_non_null(virtqueue_peek(&fixture->queue));
}

static void lies_of_the_device_are_ignored(void **state)
{
	struct fixture *fixture = *state;
	size_t length;
	unsigned id;

	virtqueue_give(&fixture->queue, BUFFER);
	id = device_take(fixture);
	device_return(fixture, 0xffffffff, 1);
	device_return(fixture, BUFFERS, 1);
	device_return(fixture, (id + 1) % BUFFERS, 1); /* never given */
	device_return(fixture, id, 1 << 20);
	device_return(fixture, id, 5); /* twice */
	assert_ptr_equal(virtqueue_take(&fixture->queue, &length), fixture->memory + id * BUFFER);
	assert_int_equal(length, BUFFER);
	assert_null(virtqueue_take(&fixture->queue, &length));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(buffers_go_round, set_up, tear_down),
		cmocka_unit_test_setup_teardown(all_buffers_can_be_under_way, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lies_of_the_device_are_ignored, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("virtqueue", tests, NULL, NULL);
}
