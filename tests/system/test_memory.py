"""Memory that runs out: the watchdog kills the largest process in time, and the shell still answers."""
from harness import TestGuest, alone, case, check, require

EAT = "/usr/lib/masix/trials/eat"
GUEST = {"memory": 256}


def ask(guest):
    """The shell answers, and most of the memory is there again."""
    check(guest.sh("echo $((6*7)); ls -d /etc"), stdout="42\n/etc\n")
    free, total = (int(number) for number in check(guest.sh(
        "sleep 0.5; awk '/MemAvailable/ {a=$2} /MemTotal/ {t=$2} END {print a, t}' /proc/meminfo")).stdout.split())
    require(free > total * 0.6, f"only {free} of {total} KiB are available")


def eat(guest, way):
    check(guest.sh(f"{EAT} {way}; echo $?"), stdout="137\n")
    require("out of memory: killed eat" in guest.log(), "the system log does not tell")
    ask(guest)


@case
def a_heap_that_grows_is_killed(guest):
    eat(guest, "heap")


@case
def a_large_mapping_is_killed(guest):
    eat(guest, "map")


@case
def a_shared_mapping_is_killed(guest):
    eat(guest, "shared")


@case
def a_shell_pipe_that_grows_is_killed(guest):
    check(guest.sh("tail -n 1 /dev/zero; echo $?"), stdout="137\n")
    ask(guest)


@case(seconds=90)
def a_file_in_memory_has_a_limit(guest):
    check(guest.sh(f"cd /tmp && {EAT} file; rm eaten"), stdout="No space left on device\n")
    ask(guest)


def survives(memory):
    guest = TestGuest(memory=memory)
    try:
        guest.set_time(100)
        eat(guest, "heap")
        check(guest.sh("tail -n 1 /dev/zero; echo $?"), stdout="137\n")
        require(guest.halt(), "it did not shut down in order")
    finally:
        guest.close()


@alone
def a_small_machine_survives():
    survives(128)


@alone
def a_machine_of_the_usual_size_survives():
    survives(512)
