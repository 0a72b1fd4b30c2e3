"""Every request of every contract, well and badly made, to every port that a process can hold: the servers answer as
they should, none dies, and none keeps a right or a page (tests/fuzz).

MASIX_FUZZ_SEED=N chooses other messages, MASIX_FUZZ_ROUNDS=N more of them."""
import os
import re
import time

from harness import PROCESS, case, check, require

BOGUS_PORTS_OF = (PROCESS, "prober")
FUZZ = "/usr/lib/masix/trials/fuzz"
PROBE = "/usr/lib/masix/trials/probe"
PROBER = "/usr/lib/masix/servers/prober"
GAUGE = "/usr/lib/masix/trials/gauge"
SEED = int(os.environ.get("MASIX_FUZZ_SEED", "1"))
ROUNDS = int(os.environ.get("MASIX_FUZZ_ROUNDS", "6"))
MESSAGES = 500
USERS = (1000, 0)
SERVERS = ("acs", "console", "fs", "unix", "net", "dos")
STARTED = ("gns", "example")  # those that a test of its own starts
KINDS = ("receive", "send", "send-once", "sets", "dead")
# What only servers ask: the prober's part. The rest is the processes'.
NOT_HELD = {"acs_hello", "acs_register", "acs_ready", "acs_resolve", "acs_right", "acs_watch", "acs_log", "acs_halt",
            "acs_key", "acs_ticket", "acs_inherit", "acs_keep", "acs_keep_also", "acs_alive",
            "network_socket", "network_identify", "network_interfaces", "network_sockets",
            "fs_mint", "fs_cover", "fs_sync", "fs_shutdown", "console_open", "console_window", "console_log",
            "gns_join", "gns_frame"}
OF_A_SESSION = {name for name in NOT_HELD if name.startswith("acs_")}
# What no server of the image serves: tests/boot/acs has one that does.
UNSERVED = {"auth_begin", "auth_prove"}
SETTLING_SECONDS = 15
# Ports of files and memory objects that fs keeps in its caches come and go; what each well-made request left would be
# one for each round and user.
FILES_MORE = ROUNDS
# What the kernel holds for the servers and their clients: one lost with each hundredth message would show. (Each process
# that has run leaves a port, whatever it did.)
CACHES = ("ipc_port", "ipc_entry", "ipc_marequest", "vm_map_entry", "vm_map_copy", "vm_object", "thread", "task")
CACHES_GROW = ROUNDS * MESSAGES * (len(USERS) + 1) // 100  # the prober sends, too


# Processes that wait for an answer that does not come, and are killed.
WAITERS = r"""
use POSIX;
open L, ">/tmp/l"; flock L, 2; POSIX::mkfifo("/tmp/f", 0600); pipe R, W;
my @ways = (
    sub { open my $f, "<", "/tmp/l"; flock $f, 2 },
    sub { open my $f, "<", "/tmp/f" },
    sub { sysread R, my $x, 1 },
    sub { vec(my $in, fileno(R), 1) = 1; select $in, undef, undef, undef },
    sub { open my $f, "+<", "/tmp/f"; vec(my $in, fileno($f), 1) = 1; select $in, undef, undef, undef },
    sub { open my $f, "<", "/dev/console"; sysread $f, my $x, 1 },
    sub { sysread STDIN, my $x, 1 },
    sub { socket my $s, 2, 1, 0; listen $s, 5; accept my $c, $s },
    sub { socket my $s, 2, 2, 0; bind $s, pack("Sna4x8", 2, 0, "\x7f\0\0\1"); recv $s, my $x, 1, 0 },
    sub { socket my $s, 2, 1, 0; listen $s, 5; vec(my $in, fileno($s), 1) = 1; select $in, undef, undef, undef },
    sub { if (!fork) { sleep 30; exit } wait },
);
my @children;
for (1..5) { for my $way (@ways) { my $pid = fork; if (!$pid) { setpgid(0, 0); $way->(); sleep 30; exit } push @children, $pid } }
select undef, undef, undef, 1;
kill -9, $_ for @children;
waitpid $_, 0 for @children;
unlink "/tmp/l", "/tmp/f";
"""


def judge(text, where):
    """The routines that nobody there understood."""
    lines = [line for line in text.splitlines() if "ended" not in line and not line.endswith(" answers")]
    missing = {line.split(":")[0] for line in lines if line.endswith(": nobody understood it")}
    wrong = [line for line in lines if not line.endswith(": nobody understood it")]
    require(not wrong, f"{where}: {wrong[:10]}")
    return missing - UNSERVED


def fuzz(guest, seed, rounds, user):
    """One run; what messages write to its own streams is kept apart."""
    report = f"/var/tmp/report-{user}"
    guest.sh(f"{FUZZ} {rounds} {MESSAGES} {seed} {user} >{report} 2>&1")
    text = check(guest.sh(f"cat {report}; rm {report}")).stdout.decode(errors="replace")
    where = f"seed {seed}, user {user}"
    last = re.search(r"^ended (\d+) of \d+\n$", text, re.MULTILINE)
    require(last, f"{where}: it printed {text[-1000:]!r}")
    missing = judge(text, where) - NOT_HELD
    require(not missing, f"{where}: nobody answers {sorted(missing)}")
    require(int(last[1]) < max(rounds, 2), f"{where}: all rounds ended early")


def probe(guest, seed, rounds):
    """The same by a server, which its own messages may end too."""
    ended = 0
    for number in range(seed, seed + rounds):
        guest.sh(f"masix servers prober | grep -q ' up ' || masix start {PROBER}")
        result = guest.run(PROBE, str(MESSAGES), str(number))
        missing = set()
        if result.status.exit_status == 0:
            missing = judge(result.stdout.decode(errors="replace"), f"prober, seed {number}") & NOT_HELD
        # It may also live on without the port by which it is asked, or without its session with ACS.
        if result.status.exit_status == 0 and not OF_A_SESSION <= missing:
            require(not missing, f"nobody answers {sorted(missing)}")
        else:
            ended += 1
            guest.run("masix", "stop", "prober")
    require(ended < max(rounds, 2), f"prober, seed {seed}: it ended each time")


def figures(guest):
    """What each server holds, when nothing moves any more."""
    before, end = None, time.monotonic() + SETTLING_SECONDS
    while True:
        rows = [line.split() for line in check(guest.run(GAUGE)).stdout.decode().splitlines()]
        ports = {row[0]: dict(zip(KINDS, map(int, row[1:6]))) for row in rows}
        queued = {row[0]: int(row[6]) for row in rows}
        memory = {row[0]: (int(row[7]), int(row[8])) for row in rows}
        if ports == before and not any(queued.values()):
            return ports, memory
        require(time.monotonic() < end, f"the servers do not come to rest: {queued}, {before}, {ports}")
        before = ports
        time.sleep(0.2)


def kernel_objects(guest):
    rows = check(guest.run("/usr/lib/masix/trials/slabs", *CACHES)).stdout.decode().splitlines()
    return {name: int(count) for name, count in (row.split() for row in rows)}


def grown(before, after):
    return {(server, kind): after[server][kind] - before[server][kind] for server in after for kind in KINDS
            if after[server][kind] > before[server][kind]}


def start_servers(guest):
    """Those that are not there from the boot on."""
    for name in ("gauge", "net", "gns", "example"):
        guest.run("masix", "start", f"/usr/lib/masix/servers/{name}")
    check(guest.run("dos", "/usr/lib/masix/dos/memory.com"))


@case(seconds=300)
def servers_answer_and_keep_nothing(guest):
    start_servers(guest)
    kernel_objects(guest)  # whose program, too, stays in the file server's cache
    seen, kernel = [], []
    # The first time fills what is kept for good: caches of files and pages, stacks of workers, freed memory.
    for turn in range(3):
        for user in USERS:
            fuzz(guest, SEED + turn * ROUNDS, ROUNDS, user)
        probe(guest, SEED + turn * ROUNDS, ROUNDS)
        # What the prober itself has collected goes with it.
        guest.run("masix", "stop", "prober")
        seen.append(figures(guest))
        kernel.append(kernel_objects(guest))
    (ports, memory), (ports2, memory2), (ports3, memory3) = seen
    where = f"seed {SEED}, {ROUNDS} rounds"
    first, second = grown(ports, ports2), grown(ports2, ports3)
    second.pop(("console", "dead"), None)  # below
    leaks = {key for key in first.keys() & second.keys()
             if min(first[key], second[key]) > (FILES_MORE if key[0] == "fs" else 0)}
    require(not leaks, f"{where}: names grow: {first}, then {second}")
    for server in SERVERS + STARTED:
        # The console server forgets callers that died when it needs the room (CHANNELS_PARKED_MAX).
        most = 256 if server == "console" else 0
        require(ports3[server]["dead"] <= most, f"{where}: {server} keeps {ports3[server]['dead']} dead names")
        for kind, limit in ((0, 512), (1, 768)):
            steps = memory2[server][kind] - memory[server][kind], memory3[server][kind] - memory2[server][kind]
            require(min(steps) < limit, f"{where}: {server} grows: {memory[server]}, {memory2[server]}, "
                    f"{memory3[server]} KiB (virtual, resident)")
    for name in CACHES:
        steps = [after[name] - before[name] for before, after in zip(kernel, kernel[1:])]
        require(min(steps) < CACHES_GROW, f"{where}: {steps} more of the kernel's {name}")


@case
def killed_callers_leave_nothing(guest):
    # A server keeps some ports of closed objects for the next ones: let there be as many as it ever keeps.
    check(guest.run("perl", "-e", 'open $files[$_], "<", "/etc/passwd" or die for 1..100'))
    check(guest.run("perl", "-e", WAITERS))
    start_servers(guest)
    before, _ = figures(guest)
    for _ in range(2):
        check(guest.run("perl", "-e", WAITERS))
    after, _ = figures(guest)
    # The console server keeps the calls of killed callers until a frame comes for them or it needs their room.
    more = {key for key in grown(before, after) if key != ("console", "dead")}
    require(not more, f"more names: {grown(before, after)}")
    for server in SERVERS:
        require(after[server]["dead"] == 0 or server == "console",
                f"{server} keeps {after[server]['dead']} dead names")


@case
def a_killed_reader_takes_nothing_with_it(guest):
    # Both have the pipe's reading end.
    script = """(sleep 2; echo kept; sleep 1; echo more) | {
        cat <&0 & sleep 1; kill -KILL $!; wait $! 2>/dev/null; cat; }"""
    check(guest.sh(script), stdout="kept\nmore\n")


@case
def servers_have_not_died(guest):
    start_servers(guest)
    rows = check(guest.run("masix", "servers")).stdout.decode().splitlines()[1:]
    starts = {row.split()[0]: row.split()[1:4:2] for row in rows}
    for name in SERVERS + STARTED:
        require(starts.get(name) == ["up", "1"], f"{name} is {starts.get(name)}")
    check(guest.sh("echo x >/var/tmp/x; cat /var/tmp/x; rm /var/tmp/x; sh -c 'exit 3'; echo $?"), stdout="x\n3\n")
