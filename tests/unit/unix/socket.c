/* Unit tests of unix_socket.c and socket_queue.c. */
#include "unix_socket.h"

#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/types.h>

#include "test.h"

static const struct socket_ids ids = { 7, 100, 100 };

static int begin(void **state)
{
	struct sockets *w = calloc(1, sizeof(*w));

	w->limit = 1u << 20;
	*state = w;
	return 0;
}

/* What the server does when it lets go of the lock; the answers stay. */
static unsigned finish(struct sockets *w)
{
	unsigned freed = 0;

	sockets_settle(w);
	while (w->dropped != NULL) {
		struct socket_record *record = w->dropped;

		w->dropped = record->next;
		socket_record_free(record);
	}
	while (w->gone != NULL) {
		struct socket *s = w->gone;

		w->gone = s->next;
		free(s);
		freed++;
	}
	return freed;
}

/* Closes all that is left: nothing may leak. */
static int end(void **state)
{
	struct sockets *w = *state;

	while (w->all != NULL) {
		while (w->all != NULL && w->all->ends > 0)
			socket_end_closed(w, w->all);
		if (w->all != NULL && w->all->is_embryo)
			break;
		finish(w);
	}
	finish(w);
	assert_null(w->all);
	assert_int_equal(w->charged, 0);
	while (w->answers != NULL) {
		struct socket_call *call = w->answers;

		w->answers = call->next;
		free(call->data);
		free(call->received.rights);
		free(call);
	}
	free(w);
	return 0;
}

static struct socket_call *park(
	struct sockets *w, struct socket *s, enum socket_call_kind kind, uint32_t token)
{
	struct socket_call *call = calloc(1, sizeof(*call));

	call->kind = kind;
	call->socket = s;
	call->end = s;
	call->token = token;
	call->amount = call->whole = 100;
	call->ids = ids;
	socket_park(w, s, call);
	return call;
}

/* The first answer; the caller frees it. */
static struct socket_call *answer(struct sockets *w)
{
	struct socket_call *call = w->answers;

	if (call != NULL)
		w->answers = call->next;
	return call;
}

static void forget(struct socket_call *call)
{
	free(call->data);
	free(call->received.rights);
	free(call);
}

static void make_pair(
	struct sockets *w, enum socket_type type, struct socket **a, struct socket **b)
{
	*a = socket_create(w, type, &ids);
	*b = socket_create(w, type, &ids);
	socket_join(*a, *b);
}

static int send_text(struct sockets *w, struct socket *s, const char *text)
{
	struct socket_record *record = socket_record_new(text, strlen(text));
	uint32_t count;
	int error;

	record->ids = ids;
	assert_int_equal(socket_send(w, s, NULL, &record, true, &error, &count), SOCKET_DONE);
	socket_drop(w, record);
	return error;
}

static int receive(struct sockets *w, struct socket *s, char *to, uint32_t amount, uint32_t *count)
{
	const struct socket_receive how = { .to = to, .amount = amount, .whole = amount };
	struct socket_received received;
	int error;

	assert_int_equal(socket_receive(w, s, &how, true, &error, &received), SOCKET_DONE);
	assert_null(received.rights);
	*count = received.count;
	return error;
}

static void test_bytes_join(void **state)
{
	struct sockets *w = *state;
	struct socket *a, *b;
	char text[8];
	uint32_t count;

	make_pair(w, SOCKET_STREAM, &a, &b);
	assert_int_equal(send_text(w, a, "ab"), 0);
	assert_int_equal(send_text(w, a, "cde"), 0);
	assert_int_equal(receive(w, b, text, 4, &count), 0);
	assert_int_equal(count, 4);
	assert_memory_equal(text, "abcd", 4);
	assert_int_equal(receive(w, b, text, 4, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(receive(w, b, text, 4, &count), MASIX_E_WOULD_BLOCK);
}

static void test_parked_reader_is_served(void **state)
{
	struct sockets *w = *state;
	struct socket *a, *b;
	struct socket_call *call;

	make_pair(w, SOCKET_STREAM, &a, &b);
	park(w, b, SOCKET_CALL_READ, 1);
	assert_int_equal(send_text(w, a, "text"), 0);
	call = answer(w);
	assert_non_null(call);
	assert_int_equal(call->error, 0);
	assert_int_equal(call->received.count, 4);
	assert_memory_equal(call->data, "text", 4);
	/* It was never heard: the next one gets it. */
	socket_unread(w, b, call->data, 4);
	forget(call);
	assert_int_equal(socket_readable(b), 4);
}

static void test_writer_waits_for_room(void **state)
{
	static char much[SOCKET_BUFFER + 1000];
	struct sockets *w = *state;
	struct socket *a, *b;
	struct socket_record *record = socket_record_new(much, sizeof(much));
	struct socket_call *call;
	uint32_t count, got;
	int error;

	make_pair(w, SOCKET_STREAM, &a, &b);
	assert_int_equal(socket_send(w, a, NULL, &record, false, &error, &count), SOCKET_WAIT);
	assert_true(count > 0 && count < sizeof(much));
	assert_int_equal(socket_poll(a) & MASIX_POLL_OUT, 0);
	call = park(w, b, SOCKET_CALL_WRITE, 2);
	call->end = call->socket = a;
	call->record = record;
	call->count = count;
	assert_null(answer(w));
	assert_int_equal(receive(w, b, much, sizeof(much), &got), 0);
	assert_int_equal(got, count);
	call = answer(w);
	assert_non_null(call);
	assert_int_equal(call->count, sizeof(much));
	forget(call);
}

static void test_cancelled_writer_has_written_part(void **state)
{
	static char much[SOCKET_BUFFER + 1000];
	struct sockets *w = *state;
	struct socket *a, *b;
	struct socket_record *record = socket_record_new(much, sizeof(much));
	struct socket_call *call;
	uint32_t count;
	int error;

	make_pair(w, SOCKET_STREAM, &a, &b);
	assert_int_equal(socket_send(w, a, NULL, &record, false, &error, &count), SOCKET_WAIT);
	call = park(w, b, SOCKET_CALL_WRITE, 2);
	call->end = call->socket = a;
	call->record = record;
	call->count = count;
	assert_false(socket_cancel(w, a, a, 3));
	assert_true(socket_cancel(w, a, a, 2));
	call = answer(w);
	assert_int_equal(call->error, 0);
	assert_int_equal(call->count, count);
	forget(call);
}

static void test_scarcity_leaves_a_little_room(void **state)
{
	static char much[SOCKET_BUFFER / 2];
	struct sockets *w = *state;
	struct socket *a, *b;
	struct socket_record *record = socket_record_new(much, sizeof(much));
	uint32_t count;
	int error;

	w->limit = 0;
	w->charged = 1; /* of others */
	make_pair(w, SOCKET_STREAM, &a, &b);
	assert_int_equal(socket_send(w, a, NULL, &record, true, &error, &count), SOCKET_DONE);
	assert_int_equal(error, 0);
	assert_true(count > 0 && count <= SOCKET_SCARCE);
	w->charged--;
	w->limit = 1u << 20;
}

static void test_close_tells_the_peer(void **state)
{
	struct sockets *w = *state;
	struct socket *a, *b;
	struct socket_call *call;
	uint32_t count;
	char byte;

	make_pair(w, SOCKET_STREAM, &a, &b);
	park(w, b, SOCKET_CALL_READ, 1);
	call = park(w, b, SOCKET_CALL_POLL, 2);
	call->events = MASIX_POLL_IN;
	socket_end_closed(w, a);
	assert_int_equal(finish(w), 1);
	for (int i = 0; i < 2; i++) {
		call = answer(w);
		assert_non_null(call);
		assert_int_equal(call->error, 0);
		assert_int_equal(call->received.count, 0);
		forget(call);
	}
	assert_int_equal(receive(w, b, &byte, 1, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(send_text(w, b, "x"), MASIX_E_PIPE);
}

static void test_unread_bytes_reset(void **state)
{
	struct sockets *w = *state;
	struct socket *a, *b;
	uint32_t count;
	char byte;

	make_pair(w, SOCKET_STREAM, &a, &b);
	assert_int_equal(send_text(w, a, "unread"), 0);
	socket_end_closed(w, b);
	finish(w);
	assert_int_equal(receive(w, a, &byte, 1, &count), MASIX_E_RESET);
	assert_int_equal(receive(w, a, &byte, 1, &count), 0);
}

static struct socket *listener(struct sockets *w, const char *text, int backlog)
{
	struct socket *s = socket_create(w, SOCKET_STREAM, &ids);
	struct socket_name name = { .length = strlen(text) + 1 };

	memcpy(name.bytes + 1, text, strlen(text));
	assert_int_equal(socket_bind_abstract(w, s, &name), 0);
	assert_int_equal(socket_listen(w, s, backlog, &ids), 0);
	return s;
}

static void test_backlog(void **state)
{
	struct sockets *w = *state;
	struct socket *waits = listener(w, "name", 0), *accepted;
	struct socket *first = socket_create(w, SOCKET_STREAM, &ids);
	struct socket *second = socket_create(w, SOCKET_STREAM, &ids);
	struct socket_call *call;
	int error;

	assert_int_equal(socket_connect(w, first, waits, &ids, true, &error), SOCKET_DONE);
	assert_int_equal(error, 0);
	assert_int_equal(socket_connect(w, second, waits, &ids, true, &error), SOCKET_DONE);
	assert_int_equal(error, MASIX_E_WOULD_BLOCK);
	assert_int_equal(socket_connect(w, second, waits, &ids, false, &error), SOCKET_WAIT);
	call = park(w, waits, SOCKET_CALL_CONNECT, 1);
	call->end = call->socket = second;
	assert_int_equal(socket_accept(w, waits, true, &error, &accepted), SOCKET_DONE);
	assert_ptr_equal(accepted->peer, first);
	call = answer(w);
	assert_non_null(call);
	assert_int_equal(call->error, 0);
	forget(call);
	assert_int_equal(second->state, SOCKET_CONNECTED);
	/* Who has not been accepted is reset. */
	socket_end_closed(w, waits);
	finish(w);
	assert_int_equal(second->error, MASIX_E_RESET);
	assert_int_equal(first->error, 0);
}

static void test_names_are_unique(void **state)
{
	struct sockets *w = *state;
	struct socket *waits = listener(w, "name", 1), *other, *any;
	const struct socket_name none = { .length = 0 };

	other = socket_create(w, SOCKET_DATAGRAM, &ids);
	assert_int_equal(socket_bind_abstract(w, other, &waits->name), MASIX_E_IN_USE);
	assert_int_equal(socket_bind_node(w, other, &waits->name, 1, 2, 3), 0);
	any = socket_create(w, SOCKET_DATAGRAM, &ids);
	assert_int_equal(socket_bind_node(w, any, &waits->name, 1, 2, 3), MASIX_E_IN_USE);
	assert_int_equal(socket_bind_abstract(w, any, &none), 0);
	assert_int_equal(any->name.length, 6);
	assert_ptr_equal(socket_find_node(w, 1, 2), other);
	assert_null(socket_find_node(w, 1, 3));
	assert_ptr_equal(socket_find_abstract(w, &any->name), any);
}

/* Put `carried` into a message that waits at the peer of s. */
static void carry(struct sockets *w, struct socket *s, struct socket *carried)
{
	struct socket_record *record = socket_record_new("x", 1);
	uint32_t count;
	int error;

	record->ids = ids;
	record->rights = calloc(1, sizeof(*record->rights));
	record->rights[0].socket = carried;
	record->right_count = 1;
	carried->in_flight++;
	assert_int_equal(socket_send(w, s, NULL, &record, true, &error, &count), SOCKET_DONE);
	assert_int_equal(error, 0);
}

static void test_carried_socket_lives(void **state)
{
	struct sockets *w = *state;
	struct socket *a, *b, *c, *d;
	struct socket_received received;
	char byte;
	const struct socket_receive how = { .to = &byte, .amount = 1, .whole = 1 };
	int error;

	make_pair(w, SOCKET_STREAM, &a, &b);
	make_pair(w, SOCKET_STREAM, &c, &d);
	carry(w, a, c);
	assert_int_equal(sockets_in_flight(w, 100), 1);
	socket_end_closed(w, c);
	assert_int_equal(finish(w), 0);
	assert_int_equal(send_text(w, d, "y"), 0);
	assert_int_equal(socket_receive(w, b, &how, true, &error, &received), SOCKET_DONE);
	assert_int_equal(received.right_count, 1);
	assert_ptr_equal(received.rights[0].socket, c);
	assert_int_equal(c->ends, 1);
	free(received.rights);
	assert_int_equal(finish(w), 0);
	socket_end_closed(w, c);
	assert_int_equal(finish(w), 1);
	assert_int_equal(d->error, MASIX_E_RESET);
}

static void test_cycles_go(void **state)
{
	struct sockets *w = *state;
	struct socket *a, *b, *c, *d;

	make_pair(w, SOCKET_STREAM, &a, &b);
	make_pair(w, SOCKET_SEQUENCED, &c, &d);
	carry(w, a, b); /* in its own queue */
	carry(w, b, c);
	carry(w, c, a);
	socket_end_closed(w, b);
	socket_end_closed(w, c);
	socket_end_closed(w, a);
	assert_int_equal(finish(w), 1); /* b; the others can be had from d */
	socket_end_closed(w, d);
	assert_int_equal(finish(w), 3);
}

static void test_datagrams(void **state)
{
	struct sockets *w = *state;
	struct socket *a, *b, *c;
	struct socket_receive how = { .amount = 100, .whole = 3 };
	struct socket_received received;
	char text[8];
	uint32_t count;
	int error;

	make_pair(w, SOCKET_DATAGRAM, &a, &b);
	c = socket_create(w, SOCKET_DATAGRAM, &ids);
	assert_int_equal(send_text(w, a, "long"), 0);
	assert_int_equal(send_text(w, a, ""), 0);
	how.to = text;
	assert_int_equal(socket_receive(w, b, &how, true, &error, &received), SOCKET_DONE);
	assert_int_equal(error, MASIX_E_TOO_BIG); /* and it stays */
	assert_int_equal(receive(w, b, text, 2, &count), 0);
	assert_int_equal(count, 2);
	assert_int_equal(receive(w, b, text, 2, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(socket_connect(w, c, b, &ids, true, &error), SOCKET_DONE);
	assert_int_equal(error, MASIX_E_PERMISSION);
	socket_end_closed(w, b);
	finish(w);
	assert_int_equal(send_text(w, a, "x"), MASIX_E_REFUSED);
	assert_int_equal(send_text(w, a, "x"), MASIX_E_NOT_CONNECTED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(bytes_join),
		TEST(parked_reader_is_served),
		TEST(writer_waits_for_room),
		TEST(cancelled_writer_has_written_part),
		TEST(scarcity_leaves_a_little_room),
		TEST(close_tells_the_peer),
		TEST(unread_bytes_reset),
		TEST(backlog),
		TEST(names_are_unique),
		TEST(carried_socket_lives),
		TEST(cycles_go),
		TEST(datagrams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
