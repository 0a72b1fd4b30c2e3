"""The file server is killed while programs use it, again and again: they notice nothing, and each thing happens once."""
import contextlib
import subprocess
import tempfile

from frontend import machine
from harness import TOP, TestGuest, alone, check, require

ROOT = f"{TOP}/build/root.img"
# A server that has died eight times within a minute is left alone.
KILLS = 7


class Dying:
    """A guest on a copy of the root disk whose file server does not live long; in the end e2fsck looks at the disk."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.image = f"{self.folder.name}/root.img"
        subprocess.run(["cp", "--sparse=always", ROOT, self.image], check=True)
        self.guest = TestGuest(root_image=self.image, keep=True)
        self.guest.set_time(150)
        return self

    def during(self, script, kills=KILLS, pause=0.5, death="masix kill fs"):
        """Runs the script while the server is killed every `pause` seconds, and after it until that has happened `kills`
        times."""
        result = self.guest.sh(f"""
            (for i in $(seq {kills}); do sleep {pause}; {death} || echo "cannot kill" >&2; done) & killer=$!
            {script}
            wait $killer""")
        require(b"cannot kill" not in result.stderr, f"it could not be killed: {result.stderr!r}")
        return result

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                deaths = self.guest.log().count("fs: session")
                require(self.guest.halt(), "it did not shut down in order")
                require(deaths >= KILLS, f"the server died only {deaths} times")
        finally:
            self.guest.close()
        try:
            if kind is None:
                look = subprocess.run(["e2fsck", "-fn", self.image], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, check=False)
                require(look.returncode == 0, f"e2fsck: {look.stdout[-1500:]!r}")
        finally:
            self.folder.cleanup()


@alone(seconds=200)
def trees_are_copied_packed_and_summed():
    with Dying() as dying:
        result = dying.during("""
            for to in /root /tmp; do
                cp -r /usr/lib/i386-linux-gnu/perl-base $to/copy && diff -r /usr/lib/i386-linux-gnu/perl-base $to/copy && echo copied
                tar cf $to/t.tar -C $to copy && mkdir $to/out && tar xf $to/t.tar -C $to/out && diff -r $to/copy $to/out/copy && echo packed
            done
            find /usr/bin -type f | sort | xargs md5sum >/root/one; find /usr/bin -type f | sort | xargs md5sum >/tmp/two
            cmp /root/one /tmp/two && echo summed
            seq 60000 | shuf | sort -n -S 1M -T /root | cmp - <(seq 60000) && echo sorted""")
        check(result, stdout="copied\npacked\ncopied\npacked\nsummed\nsorted\n")


STORM = r"""
use Fcntl;
my $dir = $ARGV[0];
for my $i (1..250) {
    sysopen(my $new, "$dir/new$i", O_WRONLY | O_CREAT | O_EXCL, 0444) or die "create $i: $!";
    syswrite($new, "number $i\n") == length("number $i\n") or die "write $i: $!";
    rename("$dir/new$i", "$dir/old$i") or die "rename $i: $!";
    link("$dir/old$i", "$dir/other$i") or die "link $i: $!";
    unlink("$dir/old$i") == 1 or die "unlink $i: $!";
    symlink("other$i", "$dir/link$i") or die "symlink $i: $!";
    mkdir("$dir/d$i") or die "mkdir $i: $!";
    rmdir("$dir/d$i") or die "rmdir $i: $!" if $i % 2;
    open(my $all, ">>", "$dir/all") or die "open $i: $!";
    syswrite($all, "line $i\n") == length("line $i\n") or die "append $i: $!";
    close($all);
    print STDERR "." if $i % 50 == 0;
}
"""


@alone(seconds=200)
def each_change_happens_once():
    with Dying() as dying:
        check(dying.guest.sh("cat >/root/storm; mkdir /root/s /tmp/s", stdin=STORM.encode()))
        result = dying.during("""
            perl /root/storm /root/s & one=$!; perl /root/storm /tmp/s & two=$!; wait $one; echo $?; wait $two; echo $?
            for d in /root/s /tmp/s; do
                cmp $d/all <(seq -f 'line %g' 250) && ls $d | wc -l && cat $d/link? $d/link?? $d/link??? | sort | cmp - <(seq -f 'number %g' 250 | sort)
            done""", pause=0.4)
        check(result, stdout="0\n0\n626\n626\n")


@alone(seconds=200)
def what_was_synced_stays_and_appends_come_once():
    with Dying() as dying:
        result = dying.during("""
            dd if=/dev/urandom of=/root/data bs=64k count=100 conv=fsync 2>/dev/null; sum=$(md5sum </root/data)
            (for i in $(seq 400); do echo "one $i"; done) >>/root/lines & (for i in $(seq 400); do echo "two $i"; done) >>/root/lines &
            dd if=/root/data of=/tmp/data bs=32k 2>/dev/null; dd if=/tmp/data of=/root/again bs=20k oflag=append conv=notrunc,fsync 2>/dev/null
            [ "$(md5sum </root/again)" = "$sum" ] && echo same; wait %2 %3
            sort /root/lines | cmp - <( (seq -f 'one %g' 400; seq -f 'two %g' 400) | sort) && echo once
            exec 5</root/again; rm /root/again; masix kill fs; [ "$(md5sum <&5)" = "$sum" ] && echo 'still open'""")
        check(result, stdout="same\nonce\nstill open\n")


@alone(seconds=200)
def mappings_and_locks_stay():
    with Dying() as dying:
        result = dying.during("""
            /usr/lib/masix/trials/mapper /root/mapped 60 & /usr/lib/masix/trials/mapper /tmp/mapped 60 &
            exec 7>/root/lock; flock 7
            (flock /root/lock echo 'after the lock' >/tmp/got) 7>&- &
            (flock -w 60 /tmp/lock sleep 3; echo free >/tmp/freed) 7>&- &
            sleep 2.5; [ -s /tmp/got ] && echo 'too early'
            flock -n /root/lock echo 'held twice'
            exec 7>&-; wait %2 %3 %4 %5; cat /tmp/freed /tmp/got; cmp /root/mapped /tmp/mapped && echo alike""")
        check(result, stdout="whole\nwhole\nfree\nafter the lock\nalike\n")


@alone(seconds=200)
def a_crash_is_no_worse():
    with Dying() as dying:
        check(dying.guest.run("masix", "start", "/usr/lib/masix/servers/gauge"))
        check(dying.guest.sh("cat >/root/storm; mkdir /root/s", stdin=STORM.encode()))
        result = dying.during("""
            perl /root/storm /root/s; echo $?; cmp /root/s/all <(seq -f 'line %g' 250) && ls /root/s | wc -l""",
                              pause=0.6, death="/usr/lib/masix/trials/gauge fs")
        check(result, stdout="0\n626\n")


@contextlib.contextmanager
def slow_disks():
    """Machines that are started meanwhile write 60 KB a second."""
    disks = machine.disks
    machine.disks = lambda *how: [word + ",throttling.bps-write=60000" if word.startswith("file=") else word
                                  for word in disks(*how)]
    try:
        yield
    finally:
        machine.disks = disks


@alone(seconds=200)
def what_the_kernel_still_writes_is_waited_for():
    """A write takes longer than the server's death: neither does the heir overtake it, nor does the corpse go on when it is over. What
    kills must not need the disk."""
    with slow_disks(), Dying() as dying:
        result = dying.guest.sh(f"""
            cp $(command -v masix) /tmp/masix; sync; touch /tmp/on
            (for i in $(seq {KILLS}); do sleep 0.5; /tmp/masix kill fs || echo not killed; done; rm /tmp/on) &
            while [ -e /tmp/on ]; do
                head -c 100000 /dev/urandom >/tmp/d; dd if=/tmp/d of=/root/d bs=100k conv=fsync status=none; cmp /tmp/d /root/d
            done; wait""")
        check(result, stdout="", stderr="")
        require("fs: hd0: waited " in dying.guest.log(), "no death met a write")
        dying.guest.require_right_names(())
