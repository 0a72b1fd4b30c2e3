"""Memory that runs out: the watchdog kills the largest process in time, and the shell still answers."""
from harness import TestGuest, alone, case, check, require

EAT = "/usr/lib/masix/trials/eat"
HALFWAY = "/usr/lib/masix/trials/halfway"
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


@case(seconds=120)
def many_small_ones_are_killed_one_by_one(guest):
    result = check(guest.sh(f"set -m; {EAT} children & wait $!"), status=143)
    killed = int(result.stdout.split()[1])
    require(0 < killed < 40, f"{killed} were killed")
    ask(guest)


@case(seconds=90)
def a_file_in_memory_has_a_limit(guest):
    check(guest.sh(f"cd /tmp && {EAT} file; rm eaten"), stdout="No space left on device\n")
    ask(guest)


def held_by_fs(guest):
    return int(check(guest.sh("masix servers | awk '$1 == \"fs\" {print $6}'")).stdout)


@case
def the_memory_of_removed_files_is_given_back(guest):
    before = held_by_fs(guest)
    check(guest.sh("""cd /tmp && head -c 40000000 /dev/zero >large && mkdir many
        for i in $(seq 150); do head -c 60000 /dev/zero >many/$i; done"""))
    full = held_by_fs(guest)
    require(full > before + 45000, f"it had {before} KiB and has {full} with the files")
    check(guest.sh("rm -r /tmp/large /tmp/many"))
    after = held_by_fs(guest)
    require(after < before + 3000, f"it had {before} KiB and has {after} without the files")


@alone(seconds=150)
def files_larger_than_memory_are_written_and_read():
    """Dirty pages of mappings are cleaned by fs itself, which must not use up the kernel's reserve meanwhile."""
    guest = TestGuest(memory=128)
    try:
        guest.set_time(140)
        check(guest.sh(f"cd /root && {EAT} mapped"), stdout="whole\n")
        check(guest.sh("cd /root && cp eaten copy && cmp eaten copy && echo same"), stdout="same\n")
        check(guest.sh(f"""cd /root
            {EAT} mapped &
            dd if=/dev/zero of=/tmp/fill bs=1M 2>/dev/null
            md5sum <copy >sums; rm /tmp/fill
            wait $!
            md5sum <eaten >>sums; uniq <sums | wc -l"""), stdout="whole\n1\n")
        check(guest.sh("rm /root/eaten /root/copy"))
        ask(guest)
        require(guest.halt(), "it did not shut down in order")
    finally:
        guest.close()


def tasks(guest):
    return int(check(guest.sh("awk '/^tasks/ {print $2}' /proc/masix")).stdout)


def no_task_is_left(guest, before):
    """As many as before; what was killed may take a moment to go."""
    for _ in range(40):
        left = tasks(guest) - before
        if left <= 0:
            return
        guest.sh("sleep 0.25")
    require(False, f"{left} tasks are left")


def bomb(way):
    """Root's shell goes on beside a user's fork bomb, and puts it out."""
    guest = TestGuest(memory=128)
    try:
        guest.set_time(100)
        limit = int(check(guest.sh("ulimit -u")).stdout)
        before = tasks(guest)
        count = int(check(guest.sh(f"""
            exec 2>/dev/null
            set -m
            {EAT} {way} &
            for i in $(seq 40); do
                read _ _ _ count _ </proc/loadavg
                count=${{count#*/}}
                [ $count -ge {limit * 3 // 4} ] && break
                sleep 0.5
            done
            echo $count
            kill -KILL -$!
            """)).stdout)
        require(limit * 3 // 4 <= count <= limit + 10, f"{count} processes, and the user's limit is {limit}")
        no_task_is_left(guest, before)
        ask(guest)
        require(guest.halt(), "it did not shut down in order")
    finally:
        guest.close()


@alone
def a_fork_bomb_leaves_the_machine_to_root():
    bomb("bomb")


@alone
def a_fork_bomb_of_a_shell_leaves_the_machine_to_root():
    bomb("shell")


def leaves_no_task(guest, script):
    """In one command: at its end process 1 would end what is left."""
    left = int(check(guest.sh(f"""
        exec 2>/dev/null
        set -m
        read _ before </proc/masix
        {script}
        for i in $(seq 20); do
            read _ after </proc/masix
            [ $after -le $before ] && break
            sleep 0.2
        done
        echo $((after - before))
        """)).stdout)
    require(left <= 0, f"{left} tasks are left")


@case
def who_ends_within_fork_leaves_no_task(guest):
    leaves_no_task(guest, f"{HALFWAY} killed; [ $? = 137 ] || exit 1")
    leaves_no_task(guest, f"{HALFWAY} exits || exit 1")
    leaves_no_task(guest, f"{HALFWAY} abandons || exit 1")


@case
def who_is_killed_while_it_forks_leaves_no_task(guest):
    leaves_no_task(guest, f"""
        for i in $(seq 40); do
            {EAT} forks &
            sleep 0.1$((RANDOM % 10))
            kill -KILL $!
            wait $!
        done
        """)


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
