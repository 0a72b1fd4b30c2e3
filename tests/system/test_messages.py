"""Messages that no client would send, to every port that a process can hold: refused, and nothing leaks."""
import re

from harness import case, check, require

TRIALS = "/usr/lib/masix/trials"
ROUNDS, MESSAGES = 30, 150
SERVERS = ("acs", "console", "fs", "unix")
# What servers hold in the kernel: ports, entries of their name spaces, messages, mappings, threads.
CACHES = ("ipc_port", "ipc_entry", "ipc_marequest", "vm_map_entry", "vm_map_copy", "vm_object", "thread", "task")


def sizes(guest):
    """Resident KiB of each server, and the objects of the kernel's caches."""
    rows = check(guest.run("masix", "servers")).stdout.decode().splitlines()[1:]
    resident = {row.split()[0]: int(row.split()[5]) for row in rows}
    slabs = check(guest.run(f"{TRIALS}/slabs", *CACHES)).stdout.decode()
    return ({name: resident[name] for name in SERVERS},
            {name: int(count) for name, count in (line.split() for line in slabs.splitlines())})


def send(guest, rounds, seed):
    result = check(guest.run(f"{TRIALS}/garbage", str(rounds), str(seed)), stderr="")
    ended = int(re.fullmatch(rb"ended (\d+) of \d+\n", result.stdout)[1])
    require(ended <= rounds // 2, f"{ended} of {rounds} rounds were cut off before they had sent all")


@case(seconds=120)
def servers_go_on(guest):
    for seed in (1, 2, 3):
        send(guest, 5, seed)
    check(guest.sh("echo x >/var/tmp/x; cat /var/tmp/x; rm /var/tmp/x; ls / | wc -l >/dev/null; sh -c 'exit 3'; echo $?"),
          stdout="x\n3\n")
    rows = check(guest.run("masix", "servers")).stdout.decode().splitlines()[1:]
    starts = {row.split()[0]: row.split()[1:4:2] for row in rows}
    for name in SERVERS:
        require(starts.get(name) == ["up", "1"], f"{name} is {starts.get(name)}")


@case(seconds=240)
def nothing_leaks(guest):
    # First what is kept for good: caches of names and pages, message queues, stacks of workers.
    send(guest, 10, 100)
    resident, objects = sizes(guest)
    send(guest, ROUNDS, 200)
    after_resident, after_objects = sizes(guest)
    for name in SERVERS:
        grown = after_resident[name] - resident[name]
        require(grown < 1024, f"{name} has grown by {grown} KiB")
    for name, before in objects.items():
        grown = after_objects[name] - before
        # One right lost in a hundred of the messages would show. The kernel itself loses a port for each thread
        # that raised an exception, and each program does when it starts: 2 here.
        require(grown < ROUNDS * MESSAGES / 100, f"{grown} more of {name}, of {before}")


@case
def no_process_is_left(guest):
    lines = check(guest.sh("ps -e -o comm=")).stdout.split()
    require(sorted(lines) == [b"bash", b"init", b"ps"] or sorted(lines) == [b"init", b"ps"], f"there are {lines}")


@case
def our_own_programs_call_nothing_unknown(guest):
    check(guest.sh("ps -ef; bash -c 'true & wait'"))
    log = check(guest.sh("masix log")).stdout.decode()
    require("servers up" in log or "unix:" in log or "console:" in log, f"there is no log: {log!r}")
    require("unknown" not in log, f"the log is {log!r}")
