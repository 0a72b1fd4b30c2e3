"""Processes that crash or damage themselves: nobody else is hurt."""
from harness import PROCESS, case, check, require

BOGUS_PORTS_OF = (PROCESS,)
VANDAL = "/usr/lib/masix/trials/vandal"
DIES = {"data": 11, "text": 11, "unmapped": 11, "no-thread-block": 11, "ports": 9, "no-exceptions": 9, "terminated": 9}
# These may hang, but for SIGKILL; or live on, if what is damaged is not needed.
LIVES = ("own-ports", "swapped", "no-service", "deaf-service", "mute-exceptions", "suspended", "no-main-thread")


@case
def a_crash_is_a_signal_that_the_parent_hears(guest):
    program = "perl -e 'unpack(\"p\", pack(\"L\", 16))'"
    result = check(guest.sh(f"{program}; echo $?; ({program}; exit 5); echo $?"), stdout="139\n5\n")
    require(b"Segmentation fault" in result.stderr, f"the shell said {result.stderr!r}")
    check(guest.sh("trap 'echo child' CHLD; perl -e 'kill 4, $$' & wait $!; echo $?"), stdout="child\n132\n")


@case
def the_way_to_damage_is_known(guest):
    names = check(guest.run(VANDAL), stderr="").stdout.decode().split()
    require(sorted(names) == sorted([*DIES, *LIVES]), f"vandal knows {names}")


@case
def what_damages_itself_dies_alone(guest):
    names = " ".join(DIES)
    result = check(guest.sh(f"exec 2>&1; for way in {names}; do {VANDAL} $way; echo $way $?; done | grep -v Killed"))
    expected = [f"{way} {128 + signal}" for way, signal in DIES.items()]
    got = [line for line in result.stdout.decode().splitlines() if line.split()[0] in DIES]
    require(got == expected, f"it printed {result.stdout!r}")
    check(guest.sh("echo still here | tr a-z A-Z"), stdout="STILL HERE\n")


@case(seconds=90)
def what_hangs_can_be_killed(guest):
    # The shell tells of each killed job when it likes.
    script = f"""
        exec 2>/dev/null
        for way in {' '.join(LIVES)}; do {VANDAL} $way aloud >/tmp/of-$way 2>&1 & pids="$pids $!"; done
        until [ $(cat /tmp/of-* | grep -c begins) = {len(LIVES)} ]; do sleep 0.1; done
        kill -KILL $pids 2>/dev/null
        for pid in $pids; do wait $pid 2>/dev/null; echo $?; done
        jobs; ps -e -o comm= | grep -c vandal"""
    result = check(guest.sh(script), status=1, stderr="")
    *statuses, left = result.stdout.decode().split()
    require(len(statuses) == len(LIVES) and all(status in ("137", "139", "0") for status in statuses),
            f"they ended with {statuses}")
    require(left == "0", f"{left} are left")


@case
def relatives_keep_their_files(guest):
    # The offsets of open files are shared with relatives, and so is the damage; how they may be used is not.
    script = f"exec 3>/tmp/kept 4</etc/passwd; {VANDAL} data; echo more >&1; exec 5>/tmp/other; echo new >&5; cat /tmp/other"
    check(guest.sh(script), stdout="more\nnew\n")


@case
def the_next_command_is_not_hurt(guest):
    check(guest.sh("echo fine; ls -d /etc"), stdout="fine\n/etc\n")


@case(seconds=90)
def many_crashes_leave_nothing(guest):
    # The kernel itself loses up to three ports with a thread that waits for an exception server.
    limits = {"task": 5, "thread": 10, "ipc_space": 5, "ipc_entry": 60, "ipc_port": 150}
    script = f"for i in $(seq {{}}); do {VANDAL} data; done 2>/dev/null >&2; /usr/lib/masix/trials/slabs {' '.join(limits)}"
    before, after = (dict(line.split() for line in check(guest.sh(script.format(times))).stdout.decode().splitlines())
                     for times in (5, 40))
    for name, limit in limits.items():
        grown = int(after[name]) - int(before[name])
        require(grown < limit, f"{grown} more of {name} after 40 crashes")


# Each child opens as many files as it can, and says how many.
HOARD = r"""
$( = 1000; $) = "1000 1000"; $< = $> = 1000;
pipe GO, GOES; $| = 1;
for (1..24) {
    if (!fork) { close GOES; my @files; for (1..950) { open my $file, "<", "/etc/passwd" or last; push @files, $file }
                 print scalar(@files), "\n"; <GO>; exit }
}
close GO; sleep 1000;
"""


@case(seconds=90)
def a_user_cannot_take_all_open_files(guest):
    check(guest.sh(f"perl -e '{HOARD}' >/tmp/counts & until [ $(wc -l </tmp/counts) = 24 ]; do sleep 0.1; done; "
                   "cat /etc/hostname >/dev/null && echo root can; kill %1; wait; awk '{n += $1} END {print (n < 19000)}' /tmp/counts"),
          stdout="root can\n1\n")
