/* Mints directories of the mounts, runs the tests on each, shuts the file systems down, and
 * stops the machine. */
#include "client.h"

#include <masix/mach.h>
#include <masix/object.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "acs_session.h"
#include "dir.h"
#include "file_system.h"
#include "mach.h"
#include "mach_port.h"

#define GIVE_BACK_US 300000
#define GIVE_BACK_TRIES 60

atomic_uint failures;
static const struct masix_class self_class = { .name = "self" };
static struct masix_object self;

static masix_routine_t demux(const mach_msg_header_t *in)
{
	(void)in;
	return NULL;
}

static bool mint(const char *name, struct roots *roots)
{
	const uint32_t root[] = { 0, 0 }, user[] = { 1000, 1000, 50 };
	int error = masix_lookup(name, 2000, &roots->control);

	if (error) {
		masix_log("%s: %s", name, masix_strerror(error));
		return false;
	}
	WANT(0, fs_mint(roots->control, root, 2, "", 0, 0, &roots->root));
	WANT(0, fs_mint(roots->control, user, 3, "", 0, 0, &roots->user));
	return true;
}

/* Is all free again that was before?  Ports are closed by messages, and the kernel gives objects
 * back, when they get to it: on a busy machine that takes a while. */
static bool is_given_back(
	mach_port_t control, mach_port_t dir, const masix_statfs_t *before, masix_statfs_t *after)
{
	for (int tries = 0; tries < GIVE_BACK_TRIES; tries++) {
		usleep(GIVE_BACK_US);
		WANT(0, fs_sync(control));
		WANT(0, dir_statfs(dir, after));
		if (after->blocks_free + 2 >= before->blocks_free &&
			after->files_free == before->files_free)
			return true;
	}
	return false;
}

/* All that must work on every file system. */
static void test_mount(const char *name)
{
	struct roots roots;
	mach_port_t dir;
	masix_statfs_t before, after;

	if (!mint(name, &roots)) {
		failures++;
		return;
	}
	masix_log("%s", name);
	WANT(0, make_directory(roots.root, "boot-test", 0777));
	WANT(0, open_path(roots.root, "boot-test", MASIX_OPEN_READ, 0, &dir));
	WANT(0, dir_statfs(dir, &before));
	test_files(dir);
	test_names(&roots, dir);
	test_again(dir);
	test_maps(dir);
	test_timing(name, dir);
	test_space(dir);
	if (!is_given_back(roots.control, dir, &before, &after)) {
		failures++;
		masix_log("%s: blocks %u -> %u, inodes %u -> %u", name,
			(unsigned)before.blocks_free, (unsigned)after.blocks_free,
			(unsigned)before.files_free, (unsigned)after.files_free);
	}
	drop(dir);
	WANT(0, remove_path(roots.root, "boot-test", MASIX_UNLINK_DIRECTORY));
	WANT(0, fs_shutdown(roots.control));
	WANT(MASIX_E_READ_ONLY, make_directory(roots.root, "too-late", 0777));
	drop(roots.root);
	drop(roots.user);
	drop(roots.control);
}

static void *run_tests(void *unused)
{
	(void)unused;
	test_mount("fs/tmp");
	test_mount("fs/root");
	if (failures == 0)
		masix_log("FS BOOT TEST PASSED");
	else
		masix_log("%u checks failed", failures);
	(void)acs_halt(masix_session(), MASIX_HALT);
	return NULL;
}

int main(void)
{
	static const uint32_t interfaces[] = { 600400 };
	static const masix_demux_t demuxers[] = { demux, NULL };
	static const struct masix_pool_options options = {
		.demux = demuxers, .workers = 1, .name = "fs_boot"
	};
	pthread_t thread;

	CHECK(masix_object_init(&self, &self_class) == KERN_SUCCESS);
	CHECK(masix_register(NULL, MASIX_ROLE_CLIENT, interfaces, 1, self.port) == KERN_SUCCESS);
	CHECK(masix_ready() == KERN_SUCCESS);
	if (pthread_create(&thread, NULL, run_tests, NULL) != 0)
		masix_fatal("no thread");
	masix_pool_run(&options);
}
