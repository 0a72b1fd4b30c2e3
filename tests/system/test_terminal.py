"""Commands on the terminal of the host."""
from harness import case, check, require


# Says when it runs, so that nobody types too early, and when it goes on after a stop.
SLEEPER = r"""perl -e '$|=1; $SIG{CONT}=sub{print "continued\n"}; print "started\n"; sleep 1 while 1'"""


def shows(result, text):
    require(text in result.stdout, f"{text!r} is not in {result.stdout!r}")


@case
def it_is_a_terminal(guest):
    check(guest.type("tty; test -t 0 && test -t 1 && test -t 2; echo $?"), stdout="/dev/console\r\n0\r\n")


@case
def the_window_size_is_known(guest):
    check(guest.type("stty size", window=(33, 101)), stdout="33 101\r\n")
    check(guest.type("stty size", window=(24, 80)), stdout="24 80\r\n")


@case
def lines_are_echoed_and_edited(guest):
    result = check(guest.type("echo go; read -r line; echo got:$line", (b"go", b"hellp\x7fo\n")))
    require(result.stdout.endswith(b"got:hello\r\n"), f"it printed {result.stdout!r}")
    shows(result, b"hellp\b \bo\r\n")


@case
def control_c_interrupts(guest):
    check(guest.type("trap 'exit 42' INT; echo go; while :; do sleep 1; done", (b"go", b"\x03")), status=42)
    check(guest.type("echo go; exec sleep 100", (b"go", b"\x03")), status=128 + 2)


@case
def a_session_is_recorded(guest):
    # Debian's script(1) waits for its pseudo-terminal with poll, and for its child with a signalfd.
    result = check(guest.type("script -qec 'tty; read -r line; echo got:$line; exit 5' record; echo status:$?; "
                              "grep -c got:x record; rm record", (b"/dev/pts/", b"x\n")))
    shows(result, b"got:x\r\nstatus:5\r\n1\r\n")


@case
def control_backslash_quits(guest):
    # Not a shell: those ignore SIGQUIT.
    check(guest.type("exec " + SLEEPER, (b"started\r\n", b"\x1c")), status=128 + 3)


@case
def control_d_ends_input(guest):
    result = check(guest.type("echo go; cat; echo end", (b"go", b"x\n"), (b"x\r\nx\r\n", b"\x04")))
    require(result.stdout.endswith(b"x\r\nx\r\nend\r\n"), f"it printed {result.stdout!r}")


@case
def raw_mode_passes_every_key(guest):
    script = "stty raw -echo; echo go; head -c 6 | od -An -tx1; stty sane"
    shows(check(guest.type(script, (b"go", b"\x03\x04\x1a\r\x11\xff"))), b"03 04 1a 0d 11 ff")


@case
def a_resize_is_a_signal(guest):
    script = "trap 'stty size; exit 9' WINCH; echo go; while :; do sleep 0.1; done"
    # Nobody resizes while a command runs, so it does so to itself.
    shows(check(guest.type(script.replace("echo go", "stty rows 40 columns 90")), status=9), b"40 90")


@case
def a_shell_has_job_control(guest):
    result = check(guest.type(
        "exec bash --norc -i", (b"# ", SLEEPER.encode() + b"\n"), (b"started\r\n", b"\x1a"), (b"Stopped", b"fg\n"),
        (b"continued\r\n", b"\x03"), (b"# ", b"sleep 100 &\n"), (b"# ", b"jobs\n"),
        (b"Running", b"kill %1; wait; exit 5\n")), status=5)
    require(b"no job control" not in result.stdout, f"it printed {result.stdout!r}")


@case
def an_editor_draws_and_saves(guest):
    result = check(guest.type(
        "export TERM=xterm; rm -f /tmp/text; busybox vi /tmp/text; cat /tmp/text",
        # It takes an escape for the start of a key's sequence when more follows at once.
        (b"/tmp/text", b"ihello"), (b"hello", b"\x1b"), (b"- /tmp/text", b":wq\n")))
    require(result.stdout.endswith(b"hello\r\n"), f"it printed {result.stdout[-200:]!r}")
