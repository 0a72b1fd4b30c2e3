/* capget(2), capset(2) and what prctl(2) says of capabilities. */
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "check.h"

#define RAW (1u << CAP_NET_RAW)
#define CHOWN (1u << CAP_CHOWN)

static struct __user_cap_header_struct header(int pid)
{
	return (struct __user_cap_header_struct){ _LINUX_CAPABILITY_VERSION_3, pid };
}

static void get(struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct own = header(0);

	OK(syscall(SYS_capget, &own, data));
}

static int set(struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct own = header(0);

	return (int)syscall(SYS_capset, &own, data);
}

CASE(root_has_all)
{
	struct __user_cap_data_struct data[2];

	get(data);
	EQUAL(data[0].effective & (RAW | CHOWN), RAW | CHOWN);
	EQUAL(data[0].permitted & (RAW | CHOWN), RAW | CHOWN);
	EQUAL(data[0].inheritable, 0);
}

CASE(version_is_negotiated)
{
	struct __user_cap_header_struct asks = { 0, 0 };
	struct __user_cap_data_struct data[2];

	OK(syscall(SYS_capget, &asks, NULL));
	EQUAL(asks.version, _LINUX_CAPABILITY_VERSION_3);
	asks.version = 1;
	FAILS(syscall(SYS_capget, &asks, data), EINVAL);
	EQUAL(asks.version, _LINUX_CAPABILITY_VERSION_3);
	asks.pid = -1;
	FAILS(syscall(SYS_capget, &asks, data), EINVAL);
	asks = header(0x3fffffff);
	FAILS(syscall(SYS_capget, &asks, data), ESRCH);
	FAILS(syscall(SYS_capset, &asks, data), EPERM);
	FAILS(syscall(SYS_capget, NULL, data), EFAULT);
}

CASE(given_up_is_told)
{
	struct __user_cap_data_struct data[2], now[2];

	get(data);
	data[0].effective &= ~RAW;
	OK(set(data));
	get(now);
	EQUAL(now[0].effective & RAW, 0);
	EQUAL(now[0].permitted & RAW, RAW);
	data[0].effective |= RAW;
	OK(set(data));
	data[0].effective &= ~RAW;
	data[0].permitted &= ~RAW;
	OK(set(data));
	data[0].permitted |= RAW;
	FAILS(set(data), EPERM);

	/* A child is as its parent is. */
	int status;
	pid_t child = OK(fork());

	if (child == 0) {
		get(now);
		_exit((now[0].permitted & RAW) != 0);
	}
	EQUAL(waitpid(child, &status, 0), child);
	EQUAL(status, 0);
}

CASE(other_users_have_none)
{
	struct __user_cap_data_struct data[2];

	OK(setresuid(0, 1000, 0));
	get(data);
	EQUAL(data[0].effective, 0);
	EQUAL(data[0].permitted & RAW, RAW);
	OK(setresuid(0, 0, 0));
	get(data);
	EQUAL(data[0].effective & RAW, RAW);
	OK(setresuid(1000, 1000, 1000));
	get(data);
	EQUAL(data[0].effective | data[0].permitted, 0);
	OK(set(data));
	data[0].permitted = RAW;
	FAILS(set(data), EPERM);
}

CASE(given_up_is_gone)
{
	struct __user_cap_data_struct data[2];
	int fd = OK(open("file", O_CREAT | O_RDWR, 0600));

	get(data);
	data[0].effective &= ~CHOWN;
	OK(set(data));
	FAILS(fchown(fd, 1000, 1000), EPERM);
}

/* As setpriv(1) goes on as another user. */
CASE(kept_by_another_user)
{
	struct __user_cap_data_struct data[2];

	OK(prctl(PR_SET_KEEPCAPS, 1));
	OK(setresuid(1000, 1000, 1000));
	get(data);
	EQUAL(data[0].permitted & RAW, RAW);
	EQUAL(data[0].effective, 0);
	data[0].effective = RAW;
	OK(set(data));
}

CASE(kept_is_of_use)
{
	struct __user_cap_data_struct data[2];
	int fd = OK(open("file", O_CREAT | O_RDWR, 0600));

	OK(close(fd));
	OK(prctl(PR_SET_KEEPCAPS, 1));
	OK(setresuid(1000, 1000, 1000));
	get(data);
	data[0].effective = CHOWN;
	OK(set(data));
	OK(chown("file", 1000, 1000));
}

CASE(bounds)
{
	EQUAL(prctl(PR_CAPBSET_READ, CAP_NET_RAW), 1);
	FAILS(prctl(PR_CAPBSET_READ, 64), EINVAL);
	EQUAL(prctl(PR_GET_KEEPCAPS), 0);
	OK(prctl(PR_SET_KEEPCAPS, 1));
	EQUAL(prctl(PR_GET_KEEPCAPS), 1);
	FAILS(prctl(PR_SET_KEEPCAPS, 2), EINVAL);
}
