"""Debian's network programs in a guest: curl, nginx, dropbear, ping, and names by a resolver. They lie on a disk of their own (/host), as
scripts/setup --check has unpacked them. Nothing leaves this machine: the other side is this host's loopback."""
import atexit
import hashlib
import os
import socket
import subprocess
import tempfile
import urllib.error
import urllib.request

from frontend import tree
from frontend.machine import Network
from frontend.share import Share
from frontend.streams import Collected
from harness import Steps, case, check, require
from test_network import HOST, free_port, web_server

CACHE = tree.config("CACHE")
PROGRAMS = os.path.join(CACHE, "network/root")
LIBRARIES = "usr/lib/i386-linux-gnu"
WEB = free_port(socket.SOCK_STREAM)
SSH = free_port(socket.SOCK_STREAM)
SETUP = f"export LD_LIBRARY_PATH=/host/{LIBRARIES} PATH=$PATH:/host/usr/bin:/host/usr/sbin; "


def GUEST():
    share = Share(PROGRAMS)
    atexit.register(share.close)
    return {"network": Network([("tcp", WEB, 8080), ("tcp", SSH, 22)]), "share_image": share.image}


def run_here(program, *arguments, stdin=b"", terminal=None, **environment):
    """A program of the guest on this host, by the guest's loader; `terminal`: a descriptor, instead of `stdin`."""
    source = {"input": stdin} if terminal is None else {"stdin": terminal}
    sysroot = os.path.join(CACHE, "sysroot", LIBRARIES)
    rootfs = os.path.join(CACHE, "rootfs", LIBRARIES)
    return subprocess.run([os.path.join(sysroot, "ld-linux.so.2"), "--library-path",
                           ":".join([os.path.join(PROGRAMS, LIBRARIES), rootfs, sysroot]),
                           os.path.join(PROGRAMS, program), *arguments], **source, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=50, check=False, env={**os.environ, **environment})


def serve(guest, script, *visits):
    """Runs a script that prints "ready" and ends with its input; meanwhile, one after the other, what visits it."""
    screen = Collected()
    steps = Steps(screen, *[(b"ready\n" if i == 0 else b"", visit) for i, visit in enumerate(visits)])
    return guest.sh(SETUP + script, stdin=steps, stdout=screen)


@case
def curl_fetches_and_sends(guest):
    data = os.urandom(3_000_001)
    with web_server(data) as port:
        result = check(guest.sh(SETUP + f"curl -sS -w '%{{http_code}} %{{size_download}}' -o /tmp/got http://{HOST}:{port}/; "
                                "echo; sha256sum </tmp/got; rm /tmp/got"), stderr="")
    require(result.stdout.decode().split()[:3] == ["200", str(len(data)), hashlib.sha256(data).hexdigest()], f"{result.stdout!r}")
    result = guest.sh(SETUP + f"curl -sS http://{HOST}:1/")
    require(result.status.exit_status == 7, f"a refused connection: {result.status!r}, {result.stderr!r}")


# A server of names on the loopback: every name is at the host.
RESOLVER = r"""
use Socket; $| = 1; socket my $s, PF_INET, SOCK_DGRAM, 0 or die; bind $s, pack_sockaddr_in(53, inet_aton("127.0.0.1")) or die $!;
print "ready\n";
while (my $from = recv $s, my $q, 512, 0) {
    my ($name, $rest) = $q =~ /^.{12}((?:[^\0].*?)?\0)(.{4})/s or next; my $type = unpack "n", $rest;
    my $head = substr($q, 0, 2) . pack "n5", 0x8180, 1, $type == 1, 0, 0;
    my $answer = $type == 1 ? pack("n3 N n", 0xc00c, 1, 1, 60, 4) . inet_aton("10.0.2.2") : "";
    send $s, $head . $name . $rest . $answer, 0, $from;
}
"""


@case
def names_are_resolved(guest):
    with web_server(b"by its name") as port:
        script = f"""mv /etc/resolv.conf /etc/resolv.saved; echo nameserver 127.0.0.1 >/etc/resolv.conf
            coproc perl -e '{RESOLVER}'; read -u ${{COPROC[0]}} ready; echo $ready
            getent ahostsv4 web.example.test | head -n 1; curl -sS http://web.example.test:{port}/
            kill $COPROC_PID; mv /etc/resolv.saved /etc/resolv.conf"""
        result = check(guest.sh(SETUP + script), stderr="")
    words = result.stdout.decode().split()
    require(words[:2] == ["ready", HOST] and result.stdout.endswith(b"by its name"), f"{result.stdout!r}")


@case
def ping_reaches_the_host(guest):
    # It warns of what net/README.md says is not there: the time to live of answers, and their time stamps.
    text = check(guest.sh(SETUP + f"ping -n -c 3 -i 0.2 -W 5 {HOST}")).stdout.decode()
    require("3 packets transmitted, 3 received, 0% packet loss" in text, text)


NGINX = """
daemon off; master_process off; pid /tmp/nginx/pid; error_log /tmp/nginx/error;
events {{ worker_connections 64; }}
http {{ access_log /tmp/nginx/access; client_body_temp_path /tmp/nginx/a; proxy_temp_path /tmp/nginx/b; fastcgi_temp_path /tmp/nginx/c;
    uwsgi_temp_path /tmp/nginx/d; scgi_temp_path /tmp/nginx/e; server {{ listen 8080; root /tmp/nginx/www; }} }}
"""


@case
def nginx_serves(guest):
    got = []

    def fetch():
        for _ in range(3):
            with urllib.request.urlopen(f"http://127.0.0.1:{WEB}/data", timeout=30) as answer:
                got.append(answer.read())
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{WEB}/nothing", timeout=30)
        except urllib.error.HTTPError as error:
            got.append(error.code)

    script = f"""mkdir -p /tmp/nginx/www; head -c 2000003 /dev/urandom >/tmp/nginx/www/data; cat >/tmp/nginx/conf <<'END'
{NGINX.format()}
END
        nginx -c /tmp/nginx/conf -e /tmp/nginx/error & until [ -s /tmp/nginx/pid ] && curl -s -o /dev/null http://127.0.0.1:8080/; do sleep 0.1; done
        echo ready; cat >/dev/null; kill $!; wait; sha256sum </tmp/nginx/www/data; grep -c GET.*data /tmp/nginx/access; rm -r /tmp/nginx"""
    words = check(serve(guest, script, fetch)).stdout.decode().split()
    require([hashlib.sha256(data).hexdigest() for data in got[:3]] == [words[1]] * 3 and got[3:] == [404],
            f"{[data if isinstance(data, int) else len(data) for data in got]}, {words}")
    require(words[-1] == "3", f"{words}")


@case(seconds=90)
def ssh_leads_into_the_guest(guest):
    answers, data = [], os.urandom(1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        key = os.path.join(folder, "key")
        made = run_here("usr/bin/dropbearkey", "-t", "ed25519", "-f", key)
        public = next(line for line in made.stdout.decode().splitlines() if line.startswith("ssh-ed25519"))

        def ssh(command, *options, **how):
            answers.append(run_here("usr/bin/dbclient", "-y", "-y", "-i", key, "-p", str(SSH), *options, "root@127.0.0.1", command,
                                    HOME=folder, **how))

        def visit():
            ssh("id -un; uname -n; exit 7")
            ssh("sha256sum", stdin=data)
            ends = os.openpty()
            try:
                ssh("test -t 0 && stty size >/dev/null && echo a terminal", "-t", terminal=ends[1])
            finally:
                for end in ends:
                    os.close(end)

        script = f"""mkdir -p /root/.ssh; chmod 700 /root /root/.ssh; echo '{public}' >/root/.ssh/authorized_keys; chmod 600 /root/.ssh/authorized_keys
            dropbearkey -t ed25519 -f /tmp/hostkey >/dev/null 2>&1; dropbear -F -E -s -r /tmp/hostkey -p 22 2>/tmp/dropbear.log &
            until ss -ltn 2>/dev/null | grep -q :22 || busybox netstat -tln | grep -q :22; do sleep 0.1; done
            echo ready; cat >/dev/null; kill $!; wait; cat /tmp/dropbear.log; rm -r /root/.ssh /tmp/hostkey"""
        log = serve(guest, script, visit).stdout.decode()
    told = "; ".join(f"{answer.returncode} {answer.stdout[:200]!r} {answer.stderr[-300:]!r}" for answer in answers) + log
    require(answers[0].returncode == 7 and answers[0].stdout.split()[0] == b"root", told)
    require(answers[1].stdout.split()[0].decode() == hashlib.sha256(data).hexdigest(), told)
    require(b"a terminal" in answers[2].stdout, told)
