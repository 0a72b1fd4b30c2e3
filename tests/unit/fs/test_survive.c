/* The server dies at any instruction, also while its successor puts things right, and nothing is lost: what was answered
 * happened, what was not is sent again and happens once.  A child process works on a file system and is killed by a timer; the
 * next one finds its arena, goes on, and compares with a model.  In the end e2fsck judges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <masix/error.h>

#include "attributes.h"
#include "data.h"
#include "done.h"
#include "ext2.h"
#include "image.h"
#include "kernel_cache.h"
#include "names.h"
#include "store.h"

#define NAMES 18
#define SIZE_LIMIT (48u << 10)
#define IMAGE_KIB 4096u

struct object {
	unsigned names;
	bool held;
	uint32_t size;
	unsigned char bytes[SIZE_LIMIT];
};

enum kind {
	CREATE,
	APPEND,
	WRITE,
	CUT,
	UNLINK,
	RENAME,
	LINK,
	DIRECTORY,
	SYNC,
	LOOK,
	MODE,
	HOLD,
	KINDS
};

struct request {
	enum kind kind;
	unsigned one, two; /* names */
	uint32_t offset, amount;
	unsigned char byte;
};

/* What the test knows, of which no child takes anything away. */
static struct world {
	const char *options; /* NULL: in memory */
	unsigned random;
	struct volume *volume;
	struct done *done;
	struct node *held_node; /* as an open file */
	int held;
	struct object objects[NAMES + 1];
	int names[NAMES];
	bool directories[4];
	uint32_t mode;
	bool begun; /* the request is neither answered nor undone */
	struct request request;
	unsigned finished, deaths, answered_late, again;
	unsigned char image[IMAGE_KIB * 1024];
} * world;

static struct image *image;
static struct arena *arena;
static struct volume *volume;
static struct context context;
static const struct identity root;

static unsigned pick(unsigned limit)
{
	world->random = world->random * 1103515245u + 12345u;
	return (world->random >> 8) % limit;
}

static int64_t now(void)
{
	return 1700000000000000000 + world->finished;
}

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s (request %u: kind %d, %u, %u)\n", __FILE__,     \
				__LINE__, #condition, world->finished, world->request.kind,        \
				world->request.one, world->request.two);                           \
			_exit(2);                                                                  \
		}                                                                                  \
	} while (0)

/* --- what a request does, and what the model expects --- */

static struct path path_of(unsigned name)
{
	char text[32];
	struct path path;

	snprintf(text, sizeof(text), name % 3 ? "sub%u/file%u" : "file%u-%u", name % 3, name);
	CHECK(path_init(&path, text, (unsigned)strlen(text)) == 0);
	return path;
}

static int find(unsigned name, struct node **node)
{
	struct path path = path_of(name);
	struct found found = { 0 };
	int error = names_open(&context, context.root, &path, MASIX_OPEN_WRITE, 0, &found);

	*node = found.node;
	return error;
}

static int write_to(const struct request *r, bool append)
{
	static unsigned char bytes[SIZE_LIMIT];
	size_t amount = r->amount;
	struct node *node;
	uint64_t end;
	int error = find(r->one, &node);

	if (error)
		return error;
	memset(bytes, r->byte, amount);
	error = data_write(&root, node, append, r->offset, bytes, &amount, &end);
	CHECK(error || amount == r->amount);
	node_release(node);
	return error;
}

static int change(const struct request *r)
{
	struct node *node;
	int error = find(r->one, &node);

	if (error)
		return error;
	if (r->kind == CUT)
		error = data_resize(&root, node, r->offset);
	else
		error = attributes_set_mode(&root, node, r->offset & 0777);
	node_release(node);
	return error;
}

/* What no one can see any more must not be taken for a new file's. */
static void forget_pages(unsigned name)
{
	int object = world->names[name];
	struct node *node;

	if (object < 0 || world->objects[object].names > 1 || world->objects[object].held)
		return;
	if (find(name, &node) == 0) {
		pager_discard(node, 0, UINT64_MAX);
		node_release(node);
	}
}

static int make_directory(unsigned number)
{
	struct node_seed seed = { .mode = S_IFDIR | 0755 };
	struct path path;
	char text[16];

	snprintf(text, sizeof(text), "made%u", number);
	CHECK(path_init(&path, text, (unsigned)strlen(text)) == 0);
	return world->directories[number] ? names_unlink(&context, context.root, &path, true)
					  : names_make(&context, context.root, &path, &seed);
}

static int synchronise(void)
{
	int error = data_sync_volume(volume);

	volume_lock(volume);
	if (!error)
		error = volume_flush(volume);
	volume_unlock(volume);
	return error;
}

static void compare(struct node *node, const struct object *object)
{
	static unsigned char bytes[SIZE_LIMIT];
	size_t amount = SIZE_LIMIT;

	CHECK(node->stat.size == object->size);
	CHECK(data_read(node, 0, bytes, &amount) == 0);
	CHECK(amount == object->size);
	CHECK(memcmp(bytes, object->bytes, amount) == 0);
	CHECK(node->stat.nlink == object->names);
}

static void compare_all(void)
{
	for (unsigned i = 0; i < NAMES; i++) {
		struct node *node = NULL;
		int error = find(i, &node);

		CHECK(error == (world->names[i] < 0 ? MASIX_E_NOT_FOUND : 0));
		if (error)
			continue;
		compare(node, &world->objects[world->names[i]]);
		node_release(node);
	}
	if (world->held_node)
		compare(world->held_node, &world->objects[world->held]);
}

/* Hold a file as an open port does, or let it go. */
static int hold(unsigned name)
{
	struct node *node = world->held_node;
	int error;

	if (world->held >= 0 || node) {
		if (node && world->objects[world->held].names == 0)
			pager_discard(node, 0, UINT64_MAX);
		world->held_node = NULL;
		if (node)
			node_release(node);
		return 0;
	}
	error = find(name, &node);
	if (!error)
		world->held_node = node;
	return error;
}

static int perform(const struct request *r)
{
	struct path one = path_of(r->one), two = path_of(r->two);
	struct found found = { 0 };
	struct node *node;
	int error;

	switch (r->kind) {
	case CREATE:
		error = names_open(&context, context.root, &one,
			MASIX_OPEN_CREATE | MASIX_OPEN_EXCLUSIVE | MASIX_OPEN_WRITE, 0600, &found);
		if (!error)
			node_release(found.node);
		return error;
	case APPEND:
		return write_to(r, true);
	case WRITE:
		return write_to(r, false);
	case CUT:
	case MODE:
		return change(r);
	case UNLINK:
		forget_pages(r->one);
		return names_unlink(&context, context.root, &one, false);
	case RENAME:
		if (world->names[r->one] != world->names[r->two] && world->names[r->one] >= 0)
			forget_pages(r->two);
		return names_rename(
			&context, context.root, &one, &context, context.root, &two, true);
	case LINK:
		error = find(r->one, &node);
		if (error)
			return error;
		error = names_link(&context, context.root, &two, node);
		node_release(node);
		return error;
	case DIRECTORY:
		return make_directory(r->one % 4);
	case SYNC:
		return synchronise();
	case HOLD:
		return hold(r->one);
	default:
		compare_all();
		return 0;
	}
}

static int free_object(void)
{
	for (int i = 0; i <= NAMES; i++)
		if (world->objects[i].names == 0 && !world->objects[i].held)
			return i;
	CHECK(false);
	return -1;
}

static void set_size(struct object *object, uint32_t size)
{
	if (size > object->size)
		memset(object->bytes + object->size, 0, size - object->size);
	object->size = size;
}

/* The model does the same. */
static int expect(const struct request *r)
{
	int *one = &world->names[r->one], *two = &world->names[r->two];
	struct object *object = *one < 0 ? NULL : &world->objects[*one];
	uint32_t offset = r->kind == APPEND && object ? object->size : r->offset;

	switch (r->kind) {
	case CREATE:
		if (object)
			return MASIX_E_EXISTS;
		*one = free_object();
		world->objects[*one] = (struct object){ .names = 1 };
		return 0;
	case DIRECTORY:
		world->directories[r->one % 4] = !world->directories[r->one % 4];
		return 0;
	case SYNC:
	case LOOK:
		return 0;
	case HOLD:
		if (world->held >= 0) {
			world->objects[world->held].held = false;
			world->held = -1;
			return 0;
		}
		break;
	default:
		break;
	}
	if (!object)
		return MASIX_E_NOT_FOUND;
	switch (r->kind) {
	case APPEND:
	case WRITE:
		if (offset + r->amount > object->size)
			set_size(object, offset + r->amount);
		memset(object->bytes + offset, r->byte, r->amount);
		break;
	case CUT:
		set_size(object, r->offset);
		break;
	case HOLD:
		object->held = true;
		world->held = *one;
		break;
	case UNLINK:
		object->names--;
		*one = -1;
		break;
	case LINK:
		if (*two >= 0)
			return MASIX_E_EXISTS;
		*two = *one;
		object->names++;
		break;
	case RENAME:
		if (*one == *two)
			break;
		if (*two >= 0)
			world->objects[*two].names--;
		*two = *one;
		*one = -1;
		break;
	default:
		break;
	}
	return 0;
}

/* --- one life --- */

static void choose(struct request *r)
{
	*r = (struct request){ .kind = pick(KINDS),
		.one = pick(NAMES),
		.two = pick(NAMES),
		.offset = pick(SIZE_LIMIT / 2),
		.amount = 1 + pick(pick(3) ? 600 : SIZE_LIMIT / 3),
		.byte = (unsigned char)(1 + pick(255)) };
	/* What does not fit into the model is not asked for. */
	if (r->kind == APPEND && world->names[r->one] >= 0 &&
		world->objects[world->names[r->one]].size + r->amount > SIZE_LIMIT)
		r->kind = CUT;
}

static void block_timer(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(how, &set, NULL);
}

static void answer(int result)
{
	int expected = expect(&world->request);

	if (result != expected)
		fprintf(stderr, "result %d, expected %d\n", result, expected);
	CHECK(result == expected);
	world->begun = false;
	world->finished++;
}

static void serve(void)
{
	int result;

	if (!world->begun) {
		block_timer(SIG_BLOCK);
		choose(&world->request);
		world->done->what = DONE_NOTHING;
		world->begun = true;
		block_timer(SIG_UNBLOCK);
	}
	result = perform(&world->request);
	/* The moment before the answer is short. */
	for (volatile unsigned i = 0; i < (world->finished % 4 == 0 ? 30000u : 0u);)
		i++;
	block_timer(SIG_BLOCK);
	answer(result);
	block_timer(SIG_UNBLOCK);
}

static void find_root(void)
{
	context = (struct context){ .who = root };
	volume_lock(volume);
	CHECK(node_get(volume, volume->root, &context.root) == 0);
	volume_unlock(volume);
}

static void begin(void)
{
	const char *why = "";

	arena = store_open();
	world->done = arena_alloc(arena, sizeof(*world->done));
	done_here = world->done;
	if (world->options)
		CHECK(ext2_mount(arena, &image->disk, "test", 1, now, &volume, &why) == 0);
	else
		CHECK(memory_mount(arena, &store_range, "test", 1, 3u << 20, now, &volume) == 0);
	find_root();
	for (unsigned i = 1; i < 3; i++) {
		struct node_seed seed = { .mode = S_IFDIR | 0755 };
		struct path path;
		char text[8];

		snprintf(text, sizeof(text), "sub%u", i);
		CHECK(path_init(&path, text, 4) == 0);
		CHECK(names_make(&context, context.root, &path, &seed) == 0);
	}
	world->volume = volume;
}

/* Do the bitmap, the sets of what is held back, and the counts agree? */
static void check_counts(void)
{
	struct ext2_volume *ext2 = (struct ext2_volume *)volume;
	ext2_filsys fs = ext2->fs;
	uint64_t free_blocks = 0;
	uint32_t free_inodes = 0;

	for (blk64_t block = fs->super->s_first_data_block; block < ext2fs_blocks_count(fs->super);
		block++)
		free_blocks += !ext2fs_test_block_bitmap2(fs->block_map, block);
	for (ext2_ino_t ino = 1; ino <= fs->super->s_inodes_count; ino++)
		free_inodes += !ext2fs_test_inode_bitmap2(fs->inode_map, ino);
	CHECK(free_blocks + ranges_total(&ext2->freed_blocks) ==
		ext2fs_free_blocks_count(fs->super));
	CHECK(free_inodes + ranges_total(&ext2->freed_inodes) == fs->super->s_free_inodes_count);
}

/* Taking hold and letting go is one word, as the life of a port is. */
static bool has_held(void)
{
	return world->request.kind == HOLD && (world->held >= 0) != (world->held_node != NULL);
}

static void recover(void)
{
	const char *why = "";
	struct node *node;

	arena = store_find();
	volume = world->volume;
	done_here = world->done;
	CHECK(arena_mark(arena, world->done, sizeof(*world->done)));
	if (world->options)
		CHECK(ext2_recover(volume, arena, &image->disk, "test", now, &why) == 0);
	else
		CHECK(memory_recover(volume, arena, "test", now) == 0);
	if (world->held_node)
		world->held_node->references++;
	arena_sweep(arena);
	if (world->options)
		CHECK(ext2_resume(volume, &why) == 0);
	if (world->options)
		check_counts();
	volume_recovered(volume);
	find_root();
	while ((node = volume_next_cut(volume))) {
		CHECK(data_finish_cut(node) == 0);
		node_release(node);
	}
	if (world->begun && (world->done->what != DONE_NOTHING || has_held())) {
		block_timer(SIG_BLOCK);
		world->answered_late++;
		answer(0);
		block_timer(SIG_UNBLOCK);
	} else if (world->begun) {
		world->again++;
	}
}

static void set_timer(void)
{
	struct itimerval timer = { .it_value.tv_usec = 100 + pick(pick(4) ? 3000 : 30000) };

	signal(SIGALRM, SIG_DFL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void live(bool last)
{
	if (!world->volume)
		begin();
	if (!last)
		set_timer();
	if (world->deaths > 0)
		recover();
	for (unsigned i = 0; i < (last ? 50u : 1000000u); i++)
		serve();
	compare_all();
	CHECK(synchronise() == 0);
	if (world->held_node)
		node_release(world->held_node);
	node_release(context.root);
	volume_lock(volume);
	CHECK(volume_shutdown(volume) == 0);
	volume_unlock(volume);
	_exit(0);
}

static int run_child(bool last)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		live(last);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void test_killed(void **state)
{
	memset(world, 0, sizeof(*world));
	cache_clear();
	world->options = *state;
	world->random = 5;
	world->held = -1;
	for (unsigned i = 0; i < NAMES; i++)
		world->names[i] = -1;
	(void)store_open();
	store_close();
	if (world->options) {
		image = image_make(IMAGE_KIB, world->options);
		memcpy(world->image, image->bytes, sizeof(world->image));
		free(image->bytes);
		image->bytes = world->image;
	}
	/* The first one dies as soon as everything is there. */
	for (unsigned life = 0; life < LIVES; life++) {
		int status = run_child(false);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGALRM)
			fail_msg("life %u ended with %#x", life, (unsigned)status);
		world->deaths++;
	}
	assert_int_equal(run_child(true), 0);
	print_message("%u deaths, %u requests, %u answered late, %u sent again\n", world->deaths,
		world->finished, world->answered_late, world->again);
	assert_true(world->answered_late > 0 && world->again > 0);
	if (!world->options)
		return;
	if (image_check(world->image, sizeof(world->image), "-fn", false) != 0) {
		image_check(world->image, sizeof(world->image), "-fn", true);
		fail_msg("e2fsck is not content");
	}
	image->bytes = NULL;
	image_free(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_killed, "-t ext2 -b 4096"),
		cmocka_unit_test_prestate(test_killed, "-t ext2 -b 1024 -I 128 -m 0"),
		cmocka_unit_test_prestate(test_killed, "-t ext4 -b 4096 -O ^has_journal"),
		cmocka_unit_test_prestate(test_killed, NULL),
	};

	world = mmap(
		NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (world == MAP_FAILED)
		return 1;
	cache_open();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
