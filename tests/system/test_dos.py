"""DOS programs (tests/dos/programs) run by `dos`: each checks one group of services and says which check failed."""
import glob
import os
import re
import subprocess

from harness import TOP, alone, case, check, require

PROGRAMS = "/usr/lib/masix/dos"
SOURCES = os.path.join(TOP, "tests/dos/programs")
# Standard input, and what is put into the directory in which the program runs, where it needs some.
INPUT = {"chars": b"abcdline one\r\nsecond\n"}
BEFORE = {"find": "echo text >a.txt; printf 12345 >'a long name.text'; mkdir sub",
          "programs": f"cp {PROGRAMS}/programs.com ."}
# What each bad program is told to have done; None: nothing, DOS goes on.
BAD = {"chain": "memory allocation chain destroyed", "halted": "halted with interrupts off",
       "invalid": "invalid instruction", "privileged": "forbidden instruction",
       "protected": "general protection fault", "stack": None, "wild": None}


def names(pattern):
    return sorted(os.path.splitext(os.path.basename(path))[0] for path in glob.glob(os.path.join(SOURCES, pattern)))


def services():
    """Those that say what they cover."""
    found = []
    for name in names("*.asm"):
        with open(os.path.join(SOURCES, f"{name}.asm"), encoding="ascii") as file:
            if "covers:" in file.read():
                found.append(name)
    return found


def run(guest, name, **how):
    before = BEFORE.get(name, ":")
    script = f"rm -rf /tmp/d; mkdir /tmp/d; cd /tmp/d; {before}; dos {PROGRAMS}/{name}.com"
    return guest.sh(script, stdin=INPUT.get(name, b""), **how)


@case(seconds=180)
def services_are_as_documented(guest):
    require(len(services()) >= 12, f"only {services()}")
    failed = []
    for name in services():
        result = run(guest, name)
        if result.status.exit_status != 0:
            failed.append(f"{name}: {result.status!r} {result.stdout[-200:]!r} {result.stderr[-200:]!r}")
    require(not failed, "; ".join(failed))


@alone
def the_table_of_functions_is_true():
    made = subprocess.run([os.path.join(TOP, "tests/dos/table")], stderr=subprocess.PIPE, check=False)
    require(made.returncode == 0, made.stderr.decode())


@case
def characters_come_out_as_they_went_in(guest):
    check(run(guest, "chars"), stdout="axyz\r\nline one\rsecond\r")


@case
def a_c_program_has_arguments_streams_and_files(guest):
    check(guest.sh(f"cd /tmp; printf 'in\\n' | dos {PROGRAMS}/args.com one two; echo $?; cat args.out"),
          stdout="1 one\r\n2 two\r\n> in\r\n3\n97406784\n")


@case
def an_exe_with_relocations_runs(guest):
    check(guest.run("dos", f"{PROGRAMS}/relocate.exe"), status=5, stdout="from one segment\r\nfrom another\r\n")


@case
def streams_may_be_files_and_pipes(guest):
    check(guest.sh(f"""cd /tmp; seq 3 >in
        dos {PROGRAMS}/args.com <in >out; echo $?; cat out
        seq 2000 | dos {PROGRAMS}/args.com | tail -n 1"""),
          stdout="1\n> 1\r\n> 2\r\n> 3\r\n> 2000\r\n")


@case
def a_program_has_the_rights_of_who_runs_it(guest):
    script = f"""umask 022; rm -rf /tmp/r; mkdir -m 777 /tmp/r; cd /tmp/r
        cp {PROGRAMS}/handles.com .; echo secret >other.tmp; chmod 600 other.tmp
        perl -e '$( = $) = 1000; $< = $> = 1000; exec @ARGV' dos handles.com | tr -d '\\r'
        cat other.tmp; rm other.tmp
        perl -e '$( = $) = 1000; $< = $> = 1000; exec @ARGV' dos handles.com; echo $?"""
    out = check(guest.sh(script)).stdout.decode()
    require(out.startswith("failed: check") and out.endswith("secret\n0\n"), f"it printed {out!r}")


@case
def what_cannot_be_run_is_told(guest):
    check(guest.run("dos", "/none"), status=127, stderr="dos: /none: no such program\n")
    script = "cd /tmp; printf 'MZ\\1\\2\\3' >bad.exe; dos bad.exe; echo $?; mkdir -p x.com; dos x.com; echo $?"
    result = check(guest.sh(script), stdout="126\n126\n")
    require(b"damaged" in result.stderr, f"stderr is {result.stderr!r}")
    long = "x" * 200
    check(guest.run("dos", f"{PROGRAMS}/args.com", long), status=126)


def has_dump(guest, text):
    """Both lines of a machine are in the log, in the order in which the console came to them."""
    log = check(guest.run("masix", "log")).stdout.decode()
    machine = re.search(rf"dos: machine (\d+): {text} at [0-9A-F]{{4}}:[0-9A-F]{{4}}", log)
    return machine and f"dos: machine {machine[1]}: eax=" in log


@case
def a_bad_program_ends_only_its_own_machine(guest):
    guest.sh(f"(sleep 5; echo late) | dos {PROGRAMS}/args.com >/tmp/beside & echo $! >/tmp/pid")
    for name in names("bad_*.asm"):
        kind = name[4:]
        result = run(guest, name)
        text = BAD.get(kind)
        if text:
            require(result.status.exit_status == 139 and text.encode() in result.stderr,
                    f"{name}: {result.status!r} {result.stderr!r}")
            require(any(has_dump(guest, text) for _ in range(50)), f"{name}: no dump of {text!r} in the log")
        else:
            require(result.status.exit_status is not None, f"{name}: {result.status!r}")
    check(run(guest, "memory"))
    state = check(guest.run("masix", "servers", "dos")).stdout.decode().splitlines()[1].split()
    require(state[1] == "up" and state[3] == "1", f"the server is {state}")


@case
def a_killed_caller_takes_its_machine_along(guest):
    script = f"""mkfifo /tmp/never; exec 3<>/tmp/never
        for i in $(seq 40); do dos {PROGRAMS}/hold.com </tmp/never >/tmp/started 3<&- & pid=$!
            until [ -s /tmp/started ]; do :; done; kill -9 $pid; wait $pid; rm /tmp/started; done 2>/dev/null
        dos {PROGRAMS}/memory.com; echo $?"""
    check(guest.sh(script), stdout="0\n")


@case
def a_waiting_program_uses_no_processor(guest):
    def idle(script):
        text = check(guest.sh(script)).stdout.decode()
        return [float(word) for word in text.split()]

    cpu = "perl -ne 'print $2 if /^cpu +(\\d+) \\d+ (\\d+)/' /proc/stat"
    start, end = idle(f"sleep 3 | dos {PROGRAMS}/args.com >/dev/null & sleep 1; {cpu}; echo; sleep 1; {cpu}; wait")
    require(end - start < 20, f"{end - start} ticks of 100")


@case
def keys_reach_the_program(guest):
    """On the terminal, keys are read as they are typed."""
    result = guest.type(f"dos {PROGRAMS}/args.com x; echo status $?", (b"1 x", b"typed\r"), (b"> typed", b"\x1a\r"))
    check(result)
    require(b"status 2" in result.stdout, f"it printed {result.stdout!r}")
    # The terminal is as it was.
    result = check(guest.type("stty -a"))
    require(b" icanon" in result.stdout and b" echo " in result.stdout, f"stty says {result.stdout!r}")
