"""Servers die at random under programs that work: what `make soak` does for minutes and test_soak.py for a moment.

A round is a workload in the shell, on the disk and in memory, whose output is known; meanwhile servers are killed, as the
seed has it. After each round the gauge counts what the servers hold; in the end the machine is shut down and e2fsck looks at
its disk."""
import glob
import os
import random
import re
import subprocess
import tempfile
import time

from harness import TOP, TestGuest, check, require
from test_fuzz import KINDS, SERVERS, figures

# What ACS itself leaves alone is a server that has died eight times in a row; a restart that is asked for makes a new
# beginning.
DEATHS_IN_A_ROW = 6
PAUSES = (0.3, 1.2)
ROUND_SECONDS = 240
# The file server keeps up to a thousand files that nobody has open, each with its ports and a window: only what is
# more grows.
NAMES_CACHED = {"fs": 2200}
KIB_CACHED = {"fs": (1 << 20, 1 << 14)}
KIB_MORE = (1024, 1024)  # virtual, resident

WORK = r"""
work() {
    local d=$1/soak
    rm -rf $d; mkdir $d && cd $d || return
    cp -r /etc copy && diff -r --no-dereference /etc copy && cp /bin/bash bash && cmp /bin/bash bash && echo copied
    tar cf t.tar copy && mkdir out && tar xf t.tar -C out && diff -r --no-dereference copy out/copy && echo packed
    seq 8000 | shuf | sort -n -S 64K -T . | cmp - <(seq 8000) && echo sorted
    for i in $(seq 25); do echo $i >new$i && mv new$i old$i && ln old$i other$i && rm old$i; done
    cat other* | sort -n | cmp - <(seq 25) && echo renamed
    (for i in $(seq 50); do echo "one $i" >>lines; done) & (for i in $(seq 50); do echo "two $i" >>lines; done) & wait
    sort lines | cmp - <( (seq -f 'one %g' 50; seq -f 'two %g' 50) | sort) && echo appended
    find /usr/bin -type f | sort | head -n 20 | xargs md5sum | md5sum >sums
    bash -c 'trap "exit 7" TERM; sleep 0.2 & kill -TERM $$; wait' ; echo $?
    cd /
}
work /root >/tmp/one & one=$!; work /tmp >/tmp/two & two=$!
keeper-count hammer 3 >/dev/null; kept=$?
wait $one $two
cat /tmp/one /tmp/two; cmp /root/soak/sums /tmp/soak/sums && echo alike; echo $kept
"""
HALF = "copied\npacked\nsorted\nrenamed\nappended\n7\n"
EXPECTED = HALF + HALF + "alike\n0\n"


def mortals():
    """The servers that come back with all that they had: those of the boot whose manifests say so, and the keeper."""
    with open(f"{TOP}/scripts/boot-modules", encoding="utf-8") as stream:
        modules = re.findall(r"^signed/(\w+)", stream.read(), re.M)
    names = ["keeper"]
    for path in glob.glob(f"{TOP}/*/*.manifest") + glob.glob(f"{TOP}/personalities/*/*/*.manifest"):
        with open(path, encoding="utf-8") as stream:
            inherits = re.search(r"^inherits\b", stream.read(), re.M)
        name = os.path.basename(path).removesuffix(".manifest")
        if inherits and name in modules:
            names.append(name)
    return sorted(names)


class Soak:
    def __init__(self, seed, say=lambda _: None):
        self.random = random.Random(seed)
        self.say = say
        self.names = mortals()
        self.seen = []

    def deaths_of_a_round(self):
        """Shell commands that kill one server after the other, as long as the work goes on."""
        deaths, lines = dict.fromkeys(self.names, 0), []
        for _ in range(200):
            name = self.random.choice(self.names)
            deaths[name] += 1
            how = "kill" if deaths[name] % DEATHS_IN_A_ROW else "restart"
            lines.append(f"sleep {self.random.uniform(*PAUSES):.2f}; [ -e /tmp/working ] || exit 0; "
                         f"masix {how} {name} || echo 'cannot {how} {name}'; echo {name}")
        return "\n".join(lines) + "\n"

    def round(self, guest):
        guest.set_time(ROUND_SECONDS)
        guest.sh("cat >/tmp/work", stdin=WORK.encode())
        guest.sh("cat >/tmp/deaths", stdin=self.deaths_of_a_round().encode())
        result = guest.sh("""touch /tmp/working; bash /tmp/deaths >/tmp/killed 2>&1 & killer=$!
            bash /tmp/work; rm /tmp/working; wait $killer""")
        # The next round may kill as many again.
        check(guest.sh(f"for name in {' '.join(self.names)}; do masix restart $name || exit; done; dos /usr/lib/masix/dos/memory.com"))
        killed = check(guest.run("cat", "/tmp/killed")).stdout.decode()
        require("cannot" not in killed, f"a server could not be killed: {killed!r}")
        check(result, stdout=EXPECTED)
        for name in killed.split():
            self.say(f"killed {name}")
        self.seen.append(figures(guest))
        return len(killed.split())

    def names_held(self):
        ports, _ = self.seen[-1]
        return ", ".join(f"{server} {sum(ports[server].values())}" for server in SERVERS)

    def judge(self):
        """What the servers hold must not grow: neither from the second round to the middle nor from there to the last."""
        if len(self.seen) < 3:
            return
        first, middle, last = self.seen[1 if len(self.seen) > 3 else 0], self.seen[len(self.seen) // 2], self.seen[-1]
        for server in SERVERS:
            for kind in KINDS:
                values = [max(ports[server][kind], NAMES_CACHED.get(server, 0)) for ports, _ in (first, middle, last)]
                steps = values[1] - values[0], values[2] - values[1]
                require(min(steps) <= 0 or server == "console" and kind == "dead",
                        f"{server} holds more and more names ({kind}): {values}")
            for kind, limit in enumerate(KIB_MORE):
                cached = KIB_CACHED.get(server, (0, 0))[kind]
                values = [max(memory[server][kind], cached) for _, memory in (first, middle, last)]
                require(min(values[1] - values[0], values[2] - values[1]) < limit,
                        f"{server} grows: {values} KiB")
            dead = last[0][server]["dead"]
            require(dead == 0 or server == "console" and dead <= 256, f"{server} keeps {dead} dead names")


def soak(seconds, seed, say=lambda _: None, least_rounds=3):
    """Rounds for so many seconds, at least a few; how many, and how many deaths. Raises Failed."""
    run, rounds, deaths = Soak(seed, say), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        image = f"{folder}/root.img"
        subprocess.run(["cp", "--sparse=always", f"{TOP}/build/root.img", image], check=True)
        guest = TestGuest(root_image=image, keep=True)
        try:
            guest.set_time(ROUND_SECONDS)
            check(guest.sh("for name in gauge net keeper; do masix start $name || exit; done"))
            end = time.monotonic() + seconds
            while rounds < least_rounds or time.monotonic() < end:
                deaths += run.round(guest)
                rounds += 1
                say(f"round {rounds}: right, {deaths} deaths so far; names: " + run.names_held())
            run.judge()
            guest.set_time(ROUND_SECONDS)
            require(guest.halt(), "it did not shut down in order")
        finally:
            guest.close()
        look = subprocess.run(["e2fsck", "-fn", image], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        require(look.returncode == 0, f"e2fsck: {look.stdout[-1500:]!r}")
    require(deaths >= rounds, f"only {deaths} servers were killed")
    return rounds, deaths
