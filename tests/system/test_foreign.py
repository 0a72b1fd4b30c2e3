"""Out-of-line memory that cannot be had, sent to servers: nobody else is hurt."""
import time

from harness import case, check, require

FOREIGN = "/usr/lib/masix/trials/foreign"


@case
def memory_that_cannot_be_had_is_an_error_of_its_sender(guest):
    for way in ("end", "fails"):
        result = check(guest.run(FOREIGN, way))
        told = dict(line.rsplit(": ", 1) for line in result.stdout.decode().splitlines())
        require({"pipe", "file", "exec", "acs", "terminal"} <= set(told), f"it printed {result.stdout!r}")
        require(set(told.values()) == {"invalid address"}, f"{way}: it printed {result.stdout!r}")
    check(guest.sh("rm /tmp/foreign-*; echo still here | tr a-z A-Z"), stdout="STILL HERE\n")


@case(seconds=120)
def silent_pagers_hold_few_workers(guest):
    script = f"""
        setsid perl -e '$( = 1000; $) = "1000 1000"; $< = $> = 1000; exec @ARGV' {FOREIGN} silent 45 & leader=$!
        sleep 3
        dd if=/dev/zero of=/var/tmp/large bs=1M count=8 status=none; wc -c </var/tmp/large
        seq 20000 | cat | tail -n 1
        kill -KILL -- -$leader; wait $leader; echo $?
        dd if=/dev/zero of=/var/tmp/large bs=1M count=2 status=none; wc -c </var/tmp/large
        rm /var/tmp/large /tmp/foreign-own; ps -e -o comm= | grep -c foreign"""
    check(guest.sh(script), status=1, stdout="8388608\n20000\n137\n2097152\n0\n")


@case(seconds=180)
def workers_that_took_the_place_of_held_ones_end(guest):
    def threads():
        lines = check(guest.run("masix", "servers")).stdout.decode().splitlines()
        column = lines[0].split().index("THREADS")
        return next(int(line.split()[column]) for line in lines if line.split()[0] == "unix")

    def threads_after_a_round(most):
        check(guest.sh(f"""
            setsid perl -e '$( = 1000; $) = "1000 1000"; $< = $> = 1000; exec @ARGV' {FOREIGN} silent 45 & leader=$!
            sleep 4
            kill -KILL -- -$leader; wait $leader; rm -f /tmp/foreign-own"""))
        end = time.monotonic() + 20
        while (now := threads()) > most and time.monotonic() < end:
            # Those that are too many end after a request.
            guest.sh("for i in $(seq 20); do true | true; done")
        return now

    before = threads()
    rounds = [threads_after_a_round(before + 4) for _ in range(3)]
    require(max(rounds) <= before + 4, f"threads of the Unix server: {before}, then {rounds}")
