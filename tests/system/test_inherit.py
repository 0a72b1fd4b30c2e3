"""Servers that die and whose clients go on: what a successor inherits (docs/writing-a-server.md)."""
import subprocess
import tempfile

from harness import TOP, MasixError, TestGuest, alone, case, check, require

KEEPER = "/usr/lib/masix/servers/keeper"
# How keeper_end ends it (tests/keeper/server.c).
STUCK_HEIR, NULL_WRITE, ABORT, EXIT, HEIR_TOO, _, THREE_HEIRS_TOO = range(-1, 6)


def start(guest):
    guest.sh("masix stop keeper 2>/dev/null")
    check(guest.run("masix", "start", KEEPER))


@case
def a_client_goes_on_after_a_kill(guest):
    start(guest)
    check(guest.run("keeper-count", "add", "5", "kill", "add", "6", "kill", "kill", "add", "1", "count"),
          stdout="5\n11\n12\n1\n")


@case
def a_client_goes_on_after_a_crash(guest):
    start(guest)
    for how in (NULL_WRITE, ABORT, EXIT):
        check(guest.run("keeper-count", "add", "5", "end", str(how), "add", "6"), stdout="5\n11\n")
    audit = check(guest.run("masix", "audit")).stdout
    require(audit.count(b" die keeper ") >= 3 and audit.count(b" inherit keeper ") >= 3, "the record lacks some of it")


@case
def an_heir_may_die_too(guest):
    start(guest)
    check(guest.run("keeper-count", "add", "5", "end", str(HEIR_TOO), "add", "6"), stdout="5\n11\n")


@case
def an_inheritance_that_kills_is_thrown_away(guest):
    start(guest)
    check(guest.run("keeper-count", "add", "5", "end", str(THREE_HEIRS_TOO), "add", "6"), status=1,
          stdout="5\n", stderr="keeper-count: no such port to send to\n")
    check(guest.run("keeper-count", "add", "1", "count"), stdout="1\n1\n")


@case(seconds=200)
def an_heir_that_does_not_get_ready_is_ended(guest):
    """After a minute, and the next one inherits from it."""
    start(guest)
    check(guest.run("keeper-count", "add", "5", "end", str(STUCK_HEIR), "add", "6"), stdout="5\n11\n")
    audit = check(guest.run("masix", "audit")).stdout
    require(audit.count(b"did not get ready in time; will be started again") == 1, "the record does not say why")


@case
def an_heir_that_does_not_come_leaves_nothing_when_it_is_stopped(guest):
    """The corpse gives back its rights at once: clients hear it, and ACS holds what it held before."""
    start(guest)
    guest.sh("masix start net; masix start gauge")
    result = check(guest.sh(f"""
        held() {{ /usr/lib/masix/trials/gauge | sed -n 's/^acs \\([0-9]* [0-9]* [0-9]* [0-9]* [0-9]*\\) .*/\\1/p'; }}
        keeper-count add 1 >/dev/null; masix stop keeper; masix start keeper; keeper-count add 1 >/dev/null
        masix stop keeper; before=$(held); masix start keeper
        keeper-count add 5 end {STUCK_HEIR} add 6 & client=$!
        until masix servers keeper | grep -q ' starting '; do sleep 0.1; done
        until masix stop keeper 2>/dev/null; do sleep 0.1; done; wait $client; echo $?
        for ((i = 0; i < 300; i++)); do [ "$(held)" = "$before" ] && break; sleep 0.1; done
        [ "$(held)" = "$before" ] || echo "$before, and now $(held)"
        masix stop gauge; masix stop net"""))
    require(result.stdout == b"5\n1\n", f"{result}")


@case
def calls_wait_and_none_is_lost_or_doubled(guest):
    start(guest)
    result = check(guest.sh("""
        keeper-count hammer 6 & one=$!; keeper-count hammer 6 & two=$!
        sleep 1
        for i in 1 2 3; do masix kill keeper || echo kill failed; sleep 0.5; done
        masix restart keeper || echo restart failed
        wait $one; echo $?; wait $two; echo $?"""), stdout="0\n0\n")
    print(result.stderr.decode(), end="")


@case
def a_call_outlives_every_death_by_order(guest):
    start(guest)
    check(guest.sh("keeper-count outlive 9 & while kill -0 $! 2>/dev/null; do masix kill keeper; done; wait $!"), stdout="9\n")


@case
def a_call_outlives_three_crashes(guest):
    """A fourth one, and it is taken for the cause."""
    start(guest)
    check(guest.run("keeper-count", "add", "5", "crash", "3", "add", "6"), stdout="5\n3\n11\n")
    check(guest.run("keeper-count", "crash", "4"), status=1, stderr="keeper-count: the server died or dropped the request\n")


@case
def clients_that_ended_meanwhile_are_noticed(guest):
    start(guest)
    check(guest.sh("""keeper-count add 1 kill add 1 count; keeper-count end 0
        for i in $(seq 100); do [ $(keeper-count count) = 1 ] && break; sleep 0.1; done; keeper-count count"""),
          stdout="1\n2\n1\n1\n")


@case
def what_is_stopped_leaves_nothing(guest):
    start(guest)
    check(guest.sh("""keeper-count add 5 add 5 >/dev/null & sleep 0.3
        masix stop keeper && masix start keeper && keeper-count add 3 count; wait"""), stdout="3\n1\n")


@case(seconds=120)
def a_stream_survives_the_console(guest):
    """The console server is killed again and again, and no byte of stdin or stdout is lost or doubled."""
    data = b"".join(b"%07d\n" % i for i in range(1 << 22))
    result = check(guest.sh("exec 3<&0; cat <&3 & while [ -d /proc/$! ]; do masix kill console; sleep 0.1; done; wait",
                            stdin=data), stderr="")
    require(result.stdout == data, f"of {len(data)} bytes {len(result.stdout)} came back, or others")
    kills = check(guest.sh("masix audit | grep -c 'die console .*: killed'")).stdout
    require(int(kills) >= 4, f"the console was killed {int(kills)} times only")


@case
def the_log_survives_the_console(guest):
    check(guest.sh("masix log >/tmp/before; masix kill console; sleep 0.5; masix log >/tmp/after"))
    check(guest.sh("head -c $(stat -c %s /tmp/before) /tmp/after | cmp - /tmp/before"))
    check(guest.sh("tail -c +$(stat -c %s /tmp/before) /tmp/after | grep -c 'console: goes on'"), stdout="1\n")


def acs_is_lost(how, line):
    """Harms ACS under a running system: the machine says why and reboots by itself, and nothing written is lost."""
    with tempfile.TemporaryDirectory() as folder:
        image = f"{folder}/root.img"
        subprocess.run(["cp", "--sparse=always", f"{TOP}/build/root.img", image], check=True)
        guest = TestGuest(root_image=image, keep=True)
        try:
            check(guest.run("masix", "start", "/usr/lib/masix/servers/gauge"))
            check(guest.sh("head -c 3000000 /dev/zero >/kept"))
            try:
                guest.sh(f"/usr/lib/masix/trials/gauge {how} acs; sleep 60")
                while True:  # the processes end before the machine does; the case has its own limit
                    guest.sh("sleep 1")
            except MasixError:
                pass
            require(f"unix: {line}: stopping" in guest.log(), f"nobody said why: {guest.log()[-600:]!r}")
        finally:
            guest.close()
        fsck = subprocess.run(["e2fsck", "-fn", image], capture_output=True, check=False)
        require(fsck.returncode == 0, f"e2fsck: {fsck.stdout[-1200:]!r}")
        dump = subprocess.run(["debugfs", "-R", "stat /kept", image], capture_output=True, check=False).stdout
        require(b"Size: 3000000" in dump, f"what was written is not there: {dump!r}")


@alone(seconds=150)
def the_end_of_acs_ends_in_a_clean_reboot():
    acs_is_lost("end", "acs has died")


@alone(seconds=150)
def a_fault_of_acs_ends_in_a_clean_reboot():
    acs_is_lost("fault", "acs has died")


@alone(seconds=200)
def an_acs_that_stands_still_ends_in_a_clean_reboot():
    acs_is_lost("freeze", "acs does not answer")


@alone
def a_unix_server_whose_heirs_die_ends_the_machine():
    """Each heir dies of what it inherits: nobody begins with nothing beside the old processes."""
    guest = TestGuest()
    try:
        for server in ("gauge", "net"):
            check(guest.run("masix", "start", f"/usr/lib/masix/servers/{server}"))
        try:
            guest.sh("/usr/lib/masix/trials/gauge spoil unix")
        except MasixError:
            pass
        log = guest.log()
        lives = log.count("masix: unix: session ")
        require("masix: unix: ended before it was ready, as all who inherited; stopping" in log and lives == 3,
                f"after {lives} lives nobody said why: {log[-900:]!r}")
    finally:
        guest.close()
