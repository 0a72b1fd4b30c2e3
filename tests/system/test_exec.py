"""One command in a guest: its streams, its status, what it starts with and what is left of it."""
import hashlib

from harness import case, check, require


@case
def exit_status_is_passed(guest):
    check(guest.sh("exit 7"), status=7)


@case
def death_by_signal_is_told(guest):
    result = check(guest.sh("kill -SEGV $$"), status=128 + 11)
    require(result.status.signal == 11, "it was not told as a signal")


@case
def output_and_errors_stay_apart(guest):
    check(guest.sh("echo out; echo err >&2"), stdout="out\n", stderr="err\n")


@case
def every_byte_passes_both_ways(guest):
    data = bytes(range(256)) * 64
    check(guest.run("cat", stdin=data), stdout=data, stderr="")


@case
def a_mebibyte_passes_both_ways(guest):
    data = hashlib.shake_256(b"masix").digest(1 << 20)
    check(guest.run("cat", stdin=data), stdout=data)


@case
def much_output_arrives_whole(guest):
    check(guest.sh("seq 200000 | cat"), stdout="".join(f"{i}\n" for i in range(1, 200001)))


@case
def input_ends(guest):
    check(guest.run("wc", "-c", stdin=b"12345"), stdout="5\n")
    check(guest.run("wc", "-c"), stdout="0\n")


@case
def unread_input_does_not_reach_the_next_command(guest):
    check(guest.run("true", stdin=b"x" * 100000))
    check(guest.run("cat", stdin=b"mine"), stdout="mine")
    check(guest.run("head", "-c", "3", stdin=b"x" * 100000), stdout="xxx")
    check(guest.run("cat", stdin=b"mine"), stdout="mine")


@case
def arguments_are_passed_as_they_are(guest):
    check(guest.run("printf", "[%s]", "", "a b", "*", "'\"\\", "\u00e9"), stdout="[][a b][*]['\"\\][\u00e9]")


@case
def environment_and_directory_are_set(guest):
    result = guest.sh('echo "$FOO $HOME $PATH"; pwd', environment={"FOO": "a=b"}, directory="/usr/bin")
    check(result, stdout="a=b /root /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n/usr/bin\n")


@case
def a_missing_command_is_127(guest):
    result = check(guest.run("/no/such/command"), status=127, stdout="")
    require("No such file" in (result.error or ""), f"the reason is {result.error!r}")


@case
def what_cannot_be_executed_is_126(guest):
    check(guest.run("/etc/passwd"), status=126, stdout="")


@case
def a_missing_directory_is_an_error(guest):
    check(guest.run("pwd", directory="/no/such"), status=127)


@case
def what_a_command_leaves_behind_is_killed(guest):
    check(guest.sh("sleep 1000 & sleep 1000 & exit 3"), status=3)
    result = check(guest.sh("ps -e -o comm="))
    require(b"sleep" not in result.stdout, "it still runs")


@case
def the_streams_are_no_terminal(guest):
    check(guest.sh("tty; test -t 0 || test -t 1 || test -t 2; echo $?"), stdout="not a tty\n1\n")


# bash gives SIGINT another handler before it waits for a child, and notes a moment later that it has: an interrupt
# in between makes it send itself interrupts for ever. That moment must be as short here as elsewhere.
INTERRUPTS = r"""
    use POSIX ':sys_wait_h';
    for my $round (1 .. 80) {
        pipe(my $from, my $to);
        my $pid = fork();
        if (!$pid) {
            setpgrp(0, 0);
            open(STDOUT, '>&', $to);
            close($from);
            exec('bash', '-c', q(trap 'exit 42' INT; echo; while :; do sleep 0.1; done));
        }
        close($to);
        sysread($from, my $line, 1);
        select(undef, undef, undef, rand(0.01));
        kill('INT', -$pid);
        waitpid($pid, 0);
        print "round $round: status $?\n" if $? != 42 << 8;
    }
"""


@case
def a_shell_hears_interrupts_while_it_starts_programs(guest):
    check(guest.run("perl", "-e", INTERRUPTS), stdout="")
