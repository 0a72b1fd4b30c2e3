"""The Unix server dies, and its processes do not notice."""
from harness import case, check, require

# Kills the Unix server $1 times while the command in $2 runs again and again; prints each result that differs.
LOAD = """
    times=$1; set -m
    (for i in $(seq $times); do sleep 0.$((RANDOM % 5)); masix kill unix || echo not killed; done) & killer=$!
    rounds=0
    while kill -0 $killer 2>/dev/null; do
        result=$(eval "$2" 2>&1)
        [ "$result" = "${first=$result}" ] || echo "after $rounds rounds: $result"
        rounds=$((rounds + 1))
    done
    wait $killer
    [ $rounds -gt 1 ] || echo only $rounds rounds
    echo "$first"
"""


# $1 pipes at a time, and through each $2 blocks of different sizes that are too large for a message.
BLOCKS = r"""
use strict;
my ($pipes, $blocks) = @ARGV;
sub byte { return chr(65 + ($_[0] * 7 + $_[1]) % 26) }
sub through {
    my ($n) = @_;
    pipe(my $from, my $to) or die;
    srand($n);
    my @sizes = map { 16385 + int(rand(48000)) } 1 .. $blocks;
    if (!fork) {
        for my $i (0 .. $#sizes) {
            my ($block, $done) = (byte($i, $n) x $sizes[$i], 0);
            $done += syswrite($to, $block, length($block) - $done, $done) // die "$n: write $i: $!" while $done < length $block;
        }
        exit 0;
    }
    close $to;
    for my $i (0 .. $#sizes) {
        for (my $left = $sizes[$i]; $left > 0;) {
            my $got = sysread($from, my $part, $left) || die "$n: read $i: $!";
            $part eq byte($i, $n) x $got or die "$n: block $i is another";
            $left -= $got;
            select undef, undef, undef, 0.001 if $i % 3 == 0;
        }
    }
    wait;
    exit($? != 0);
}
for my $n (1 .. $pipes) { through($n) if !fork }
my $bad = 0;
while (wait > 0) { $bad++ if $? }
print "$bad wrong\n";
"""


def under_kills(guest, command, expected, times=12):
    check(guest.run("bash", "-c", LOAD, "load", str(times), command), stdout=expected, stderr="")


def starts(guest):
    lines = check(guest.run("masix", "servers")).stdout.decode().splitlines()
    column = lines[0].split().index("STARTS")
    return next(int(line.split()[column]) for line in lines if line.split()[0] == "unix")


@case
def a_shell_goes_on(guest):
    before = starts(guest)
    check(guest.sh("masix kill unix; echo again; ls -d /usr; echo a | tr a b; cd /tmp; pwd; ps -o pid= 1 | tr -d ' '"),
          stdout="again\n/usr\nb\n/tmp\n1\n")
    require(starts(guest) == before + 1, "the server has not been started again")


@case
def ids_stay_as_they_were(guest):
    script = """
        perl -e '$( = 1000; $) = "1000 1000 20"; $< = $> = 1000; exec @ARGV' -- bash -c '
            id; until [ -e /tmp/killed ]; do sleep 0.1; done; id; cat /etc/shadow 2>&1' & masix kill unix; touch /tmp/killed; wait
        rm /tmp/killed"""
    ids = "uid=1000(user) gid=1000(user) groups=1000(user),20(dialout)\n"
    check(guest.sh(script), stdout=ids + ids + "cat: /etc/shadow: Permission denied\n")


@case
def what_waits_goes_on(guest):
    check(guest.sh("mkfifo /tmp/ff; (sleep 0.3; masix kill unix; echo through >/tmp/ff) & cat /tmp/ff; wait; rm /tmp/ff"),
          stdout="through\n")
    check(guest.sh("(sleep 0.3; masix kill unix; sleep 0.3; exit 3) & wait $!; echo $?"), stdout="3\n")
    check(guest.sh("timeout -s USR1 1 sleep 9 & (sleep 0.3; masix kill unix); wait $!; echo $?"), stdout="124\n")


@case
def locks_stay(guest):
    check(guest.sh("""
        (flock -x 9; masix kill unix; sleep 0.5; echo held) 9>/tmp/locked & sleep 0.2
        flock -n /tmp/locked echo had; flock /tmp/locked echo free; wait; rm /tmp/locked"""), stdout="held\nfree\n")
    check(guest.run("perl", "-e", """
        use Fcntl; open(F, "+>", "/tmp/records"); $l = pack("s s l l i", 1, 0, 0, 0, 0); fcntl(F, 6, $l) or die;
        if (!fork) { system("masix kill unix"); $l = pack("s s l l i", 1, 0, 0, 0, 0);
            print fcntl(F, 6, $l) ? "had" : "refused", "\\n"; exit }
        wait; unlink "/tmp/records" """), stdout="refused\n")


@case
def sockets_and_what_is_in_them(guest):
    check(guest.run("perl", "-e", """
        use Socket; socketpair(A, B, AF_UNIX, SOCK_STREAM, 0); syswrite(A, "before"); system("masix kill unix");
        syswrite(A, " after"); sysread(B, $b, 100); print "$b\\n" """), stdout="before after\n")


@case
def a_terminal_and_its_jobs(guest):
    check(guest.type(
        "exec bash --norc -i",
        (b"# ", b"perl -e '$| = 1; $SIG{CONT} = sub { print qq(goes on\\n) }; print qq(started\\n); sleep 1 while 1'\n"),
        (b"started\r\n", b"\x1a"), (b"Stopped", b"masix kill unix\n"), (b"# ", b"fg\n"), (b"goes on\r\n", b"\x03"),
        (b"# ", b"masix kill unix; exit 5\n")), status=5)


@case(seconds=120)
def pipelines_lose_nothing(guest):
    under_kills(guest, "seq 30000 | sort | cat | md5sum", "d8547d352ca313f4f7b479dc808ecf43  -\n")


@case(seconds=120)
def large_writes_lose_nothing(guest):
    under_kills(guest, "head -c 3000000 /dev/zero | tr '\\0' x | dd bs=200000 iflag=fullblock status=none | md5sum",
                "8e32e22642bddc89698e25a4e9bf528b  -\n")


@case(seconds=120)
def pages_in_many_pipes_stay_whose_they_are(guest):
    check(guest.sh("cat >/tmp/blocks", stdin=BLOCKS.encode()))
    check(guest.sh("""
        (for i in $(seq 25); do sleep 0.2; masix kill unix || echo not killed; done) & killer=$!
        perl /tmp/blocks 30 100; wait $killer; rm /tmp/blocks"""), stdout="0 wrong\n", stderr="")


@case(seconds=120)
def children_and_their_statuses(guest):
    under_kills(guest, "for i in 1 2 3; do (exit $i); echo $?; done; sh -c 'kill -9 $$'; echo $?", "1\n2\n3\n137\n")


@case(seconds=120)
def signals_come_once(guest):
    script = ("""perl -e '$SIG{USR1} = sub { $n++ }; for (1 .. 100) { my $p = fork; if (!$p) { kill USR1, getppid; exit 0 } """
              """waitpid($p, 0) == $p or die; $? == 0 or die } print "$n\\n"'""")
    under_kills(guest, script, "100\n")


def during_kills(guest, command, expected):
    """The server is killed every 0.2 s for as long as the command runs."""
    check(guest.run("bash", "-c", """
        touch /tmp/works
        (while sleep 0.2 && [ -e /tmp/works ]; do masix kill unix || echo not killed; echo >>/tmp/kills; done) & killer=$!
        eval "$1"; rm /tmp/works; wait $killer
        [ $(wc -l </tmp/kills) -gt 0 ] || echo no kills; rm /tmp/kills""", "kills", command), stdout=expected, stderr="")


FAMILIES = r"""
for my $round (1 .. 15) {
    my %children;
    for my $i (1 .. 25) {
        my $pid = fork // die "fork: $!";
        $children{$pid} = $i if $pid;
        if (!$pid) { if (!fork) { exit 0 } wait; exit $i }
    }
    for (keys %children) { waitpid($_, 0) == $_ && $? >> 8 == $children{$_} or print "round $round: child $children{$_}: $?\n" }
}
print "all came home\n";
"""


@case(seconds=120)
def many_forks_at_once(guest):
    check(guest.sh("cat >/tmp/families", stdin=FAMILIES.encode()))
    during_kills(guest, "perl /tmp/families", "all came home\n")


@case(seconds=120)
def deaths_by_signals(guest):
    during_kills(guest, """
        for i in $(seq 100); do sh -c 'kill -SEGV $$'; echo $?; done 2>/dev/null | sort | uniq -c
        perl -e 'for (1 .. 200) { my $p = fork; if (!$p) { setpgrp; kill 9, $_ % 2 ? $$ : 0; syswrite(STDOUT, "went on\\n") }
                                  waitpid $p, 0; $n++ if ($? & 127) == 9 } print "$n\\n"'""",
                 "    100 139\n200\n")


@case(seconds=120)
def programs_with_other_ids(guest):
    check(guest.sh("cp /usr/bin/id /var/tmp/id; chown 1000 /var/tmp/id; chmod 4755 /var/tmp/id"))
    during_kills(guest, "for i in $(seq 120); do /var/tmp/id -u; done | sort | uniq -c", "    120 1000\n")
    check(guest.sh("rm /var/tmp/id"))


# Both ends of a pseudo-terminal: what one types the other answers, line by line.
PAIR = r"""
use POSIX; use Fcntl;
sysopen(my $master, "/dev/ptmx", O_RDWR | O_NOCTTY) or die "ptmx: $!";
my ($unlock, $number) = (pack("i", 0), pack("I", 0));
ioctl($master, 0x40045431, $unlock) or die "unlock: $!";
ioctl($master, 0x80045430, $number) or die "number: $!";
my $child = fork;
if (!$child) {
    setsid();
    open(my $slave, "+<", "/dev/pts/" . unpack("I", $number)) or die "slave: $!";
    while (my $line = <$slave>) { exit 7 if $line =~ /end/; syswrite($slave, "got $line") }
    exit 1;
}
my $all = "";
for my $i (1 .. 300) {
    syswrite($master, "line $i\n");
    until ($all =~ /got line $i\r\n/) { sysread($master, my $part, 1000) // die "read: $!"; $all .= $part }
}
syswrite($master, "end\n");
waitpid $child, 0;
print $? >> 8, " ", ($all =~ s/got line//g), "\n";
"""


@case(seconds=120)
def pseudo_terminals(guest):
    check(guest.sh("cat >/tmp/pair", stdin=PAIR.encode()))
    during_kills(guest, "for i in 1 2 3 4 5 6; do perl /tmp/pair & pairs+=($!); done; wait ${pairs[@]}", "7 300\n" * 6)
