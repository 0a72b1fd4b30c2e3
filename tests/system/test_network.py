"""The network: addresses, TCP, UDP and ICMP with this host through QEMU's user network (10.0.2.2 there is 127.0.0.1 here),
into the guest by a forwarded port, and inside the guest. Nothing leaves this machine."""
import contextlib
import hashlib
import http.server
import os
import socket
import threading
import time

from frontend.machine import Network
from harness import case, check, require

HOST = "10.0.2.2"


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


FORWARDED = free_port(socket.SOCK_STREAM)
FORWARDED_UDP = free_port(socket.SOCK_DGRAM)
GUEST = {"network": Network([("tcp", FORWARDED, 8080), ("udp", FORWARDED_UDP, 8081)])}


class Collector(threading.Thread):
    """Accepts one connection, says `greeting`, takes what comes until its end, at most `pace` bytes a tenth of a second."""

    def __init__(self, greeting=b"", pace=None):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.greeting, self.pace = greeting, pace
        self.data, self.error = bytearray(), None
        self.connected = threading.Event()

    def run(self):
        with self.listener, self.listener.accept()[0] as connection:
            try:
                connection.sendall(self.greeting)
                self.connected.set()
                while True:
                    part = connection.recv(min(self.pace or 65536, 65536))
                    if not part:
                        return
                    self.data += part
                    if self.pace:
                        time.sleep(0.1)
            except OSError as error:
                self.error = error

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.join(30)
        require(not self.is_alive(), "the connection does not end")


class Echo(threading.Thread):
    """A server of many short connections that gets and returns a line."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with connection:
                    connection.sendall(connection.recv(100))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.listener.close()


@contextlib.contextmanager
def web_server(data):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def talk(port, data, seconds=20):
    """Sends `data` to a forwarded port as soon as somebody in the guest listens, and returns all that comes back."""
    end = time.monotonic() + seconds
    while True:
        with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
            # QEMU accepts before it knows whether the guest does.
            with contextlib.suppress(ConnectionError):
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                answer = bytearray()
                while part := connection.recv(65536):
                    answer += part
                if answer:
                    return bytes(answer)
        if time.monotonic() > end:
            return b""
        time.sleep(0.1)


class Talker(threading.Thread):
    """talk() while a command runs in the guest."""

    def __init__(self, port, data):
        super().__init__(daemon=True)
        self.port, self.data, self.answer = port, data, None

    def run(self):
        self.answer = talk(self.port, self.data)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.join(30)


PERL = r"""
use Socket qw(:all);
$| = 1;
sub inet { pack_sockaddr_in($_[1], inet_aton($_[0])) }
sub tcp { socket(my $s, PF_INET, SOCK_STREAM, 0) or die "socket: $!"; $s }
sub connected { my $s = tcp(); connect($s, inet(@_)) or die "connect: $!"; $s }
sub listener { my $s = tcp(); setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
    bind($s, inet(@_)) or die "bind: $!"; listen($s, 50) or die "listen: $!"; $s }
"""


def perl(guest, script, *arguments, **how):
    return guest.run("perl", "-e", PERL + script, *map(str, arguments), **how)


@case
def the_lease_is_taken(guest):
    text = check(guest.run("busybox", "ifconfig", "eth0")).stdout.decode()
    require("inet addr:10.0.2.15 " in text and "Mask:255.255.255.0" in text and "RUNNING" in text, text)
    require("net: eth0: 10.0.2.15, gateway 10.0.2.2" in guest.log(), "the log does not tell the address")


@case
def names_are_asked_for_where_dhcp_says(guest):
    check(guest.sh("cat /etc/resolv.conf; getent hosts localhost"), stdout="nameserver 10.0.2.3\n127.0.0.1       localhost masix\n")
    text = check(guest.run("busybox", "route", "-n")).stdout.decode()
    require(any(row.split()[:2] == ["0.0.0.0", "10.0.2.2"] for row in text.splitlines()), text)
    script = r"""my $l = listener("127.0.0.1", 8099); system "busybox netstat -tln" """
    require(b"127.0.0.1:8099" in check(perl(guest, script)).stdout, "netstat does not show who listens")


@case
def what_is_fetched_is_whole(guest):
    data = os.urandom(5_000_001)
    with web_server(data) as port:
        result = check(guest.sh(f"busybox wget -q -O - http://{HOST}:{port}/ | sha256sum"))
    require(result.stdout.split()[0].decode() == hashlib.sha256(data).hexdigest(), "other bytes came")


@case
def what_is_sent_is_whole(guest):
    with Collector() as collector:
        check(guest.sh(f"dd if=/dev/urandom bs=1000 count=4001 2>/dev/null | tee /tmp/sent | "
                       f"perl -e 'use Socket; socket $s, 2, 1, 0; connect $s, pack_sockaddr_in({collector.port}, inet_aton(\"{HOST}\"))"
                       " or die $!; while (sysread STDIN, $d, 50000) { $o = 0; while ($o < length $d) { $n = syswrite $s, $d, 1e6, $o;"
                       " die $! unless defined $n; $o += $n } }'"))
        wanted = check(guest.sh("sha256sum </tmp/sent; rm /tmp/sent")).stdout.split()[0].decode()
    require(len(collector.data) == 4_001_000, f"{len(collector.data)} bytes came, {collector.error}")
    require(hashlib.sha256(collector.data).hexdigest() == wanted, "other bytes came")


@case
def both_ways_at_once(guest):
    greeting = os.urandom(2_000_000)
    with Collector(greeting) as collector:
        script = r"""
            my $s = connected(@ARGV);
            if (!fork) { my $d = "x" x 100000; for (1..20) { my $o = 0; $o += syswrite($s, $d, 1e6, $o) while $o < length $d } shutdown $s, 1; exit }
            my $all = ""; sysread($s, $all, 65536, length $all) or last while length $all < 2000000; wait; syswrite STDOUT, $all"""
        result = check(perl(guest, script, HOST, collector.port))
    require(result.stdout == greeting, f"{len(result.stdout)} bytes were read")
    require(collector.data == b"x" * 2_000_000, f"{len(collector.data)} bytes came")


@case
def many_connections(guest):
    with Echo() as echo:
        script = r"""
            for my $i (1..200) { my $s = connected(@ARGV); syswrite $s, "line $i\n"; my $l = <$s>; $l eq "line $i\n" or die "$i: $l"; $n++ }
            my @all = map { connected(@ARGV) } 1..40;
            syswrite $_, "x" for @all; for (@all) { sysread $_, my $x, 1; $n++ if $x eq "x" }
            print $n"""
        check(perl(guest, script, HOST, echo.port), stdout="240")


@case
def udp_answers(guest):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def answer():
            with contextlib.suppress(OSError):
                while True:
                    data, sender = server.recvfrom(2000)
                    server.sendto(data[::-1], sender)

        threading.Thread(target=answer, daemon=True).start()
        script = r"""
            socket my $s, PF_INET, SOCK_DGRAM, 0; my $to = inet(@ARGV);
            for my $i (1..50) { send $s, "datagram $i", 0, $to; my $from = recv $s, my $x, 100, 0; $x eq reverse("datagram $i") or die $x;
                my ($port, $host) = unpack_sockaddr_in $from; $n++ if $port == $ARGV[1] && inet_ntoa($host) eq $ARGV[0] }
            connect $s, $to; send $s, "m" x 1400, 0; recv $s, my $x, 2000, 0; print "$n ", length $x"""
        check(perl(guest, script, HOST, server.getsockname()[1]), stdout="50 1400")


@case
def the_router_answers_pings(guest):
    text = check(guest.run("busybox", "ping", "-c", "3", "-W", "5", HOST)).stdout.decode()
    require("3 packets transmitted, 3 packets received, 0% packet loss" in text, text)


@case
def a_server_here_is_reached_from_outside(guest):
    script = r"""my $l = listener("0.0.0.0", 8080); my $from = accept my $c, $l; my ($port, $host) = unpack_sockaddr_in $from;
        my $x = <$c>; print inet_ntoa($host); print $c "guest heard $x" """
    with Talker(FORWARDED, b"hello\n") as talker:
        check(perl(guest, script), stdout=HOST)
    require(talker.answer == b"guest heard hello\n", f"{talker.answer!r}")


@case
def datagrams_come_from_outside(guest):
    script = r"""socket my $s, PF_INET, SOCK_DGRAM, 0; bind $s, inet("0.0.0.0", 8081) or die $!;
        my $from = recv $s, my $x, 100, 0; send $s, "guest heard $x", 0, $from; print $x"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.2)
        answers = []

        def ask():
            while not answers:
                client.sendto(b"hello", ("127.0.0.1", FORWARDED_UDP))
                with contextlib.suppress(OSError):
                    answers.append(client.recv(100))

        asker = threading.Thread(target=ask, daemon=True)
        asker.start()
        check(perl(guest, script), stdout="hello")
        asker.join(10)
    require(answers == [b"guest heard hello"], f"{answers}")


@case
def refusals_are_told(guest):
    for host in (HOST, "127.0.0.1"):
        result = perl(guest, "connected(@ARGV)", host, 1)
        require(b"connect: Connection refused" in result.stderr, f"{host}: {result.stderr!r}")


@case
def bytes_under_way_survive_the_close(guest):
    with Collector(pace=60000) as collector:
        check(perl(guest, r"""my $s = connected(@ARGV); my $d = "y" x 1000000; my $o = 0;
            $o += syswrite $s, $d, 1e6, $o while $o < length $d; close $s; print "closed" """, HOST, collector.port), stdout="closed")
    require(len(collector.data) == 1_000_000, f"{len(collector.data)} bytes came, {collector.error}")


@case
def a_killed_program_closes_its_connections(guest):
    with Collector() as collector:
        check(perl(guest, r"""my $pid = fork; if (!$pid) { my $s = connected(@ARGV); syswrite $s, "last words"; sleep 100 }
            sleep 1; kill 9, $pid; waitpid $pid, 0; print $? & 127""", HOST, collector.port), stdout="9")
    require(bytes(collector.data) == b"last words", f"{collector.data!r}, {collector.error}")


@case
def inside_the_guest(guest):
    script = r"""
        my $l = listener("127.0.0.1", 0); my ($port) = unpack_sockaddr_in getsockname $l;
        my $pid = fork;
        if (!$pid) { my $s = connected("127.0.0.1", $port); my $d = "z" x 65536;
            for (1..64) { my $o = 0; $o += syswrite $s, $d, 65536, $o while $o < 65536 } exit }
        accept my $c, $l; my $n = 0; while (my $r = sysread $c, my $x, 65536) { $n += $r } waitpid $pid, 0; print "$n $?" """
    check(perl(guest, script), stdout=f"{64 * 65536} 0")


@case
def what_only_root_may(guest):
    script = r"""$< = $> = 1000; my $s = tcp(); print bind($s, inet("127.0.0.1", 80)) ? "bound" : int $!, " ";
        print socket(my $r, PF_INET, SOCK_RAW, 1) ? "raw" : int $!, " "; print bind(tcp(), inet("127.0.0.1", 8088)) ? "ok" : int $!"""
    check(perl(guest, script), stdout="13 1 ok")
    check(perl(guest, r"""print bind(tcp(), inet("127.0.0.1", 80)) ? "bound" : $!"""), stdout="bound")
    check(guest.sh("su -s /bin/sh daemon -c 'busybox ifconfig eth0 10.0.2.99' 2>/dev/null; busybox ifconfig eth0 | grep -c 10.0.2.15"),
          stdout="1\n")


@case
def the_network_server_may_die(guest):
    script = r"""my $s = connected(@ARGV); system "masix kill net"; print defined sysread($s, my $x, 1) ? "read" : "broken" """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        check(perl(guest, script, HOST, listener.getsockname()[1]), stdout="broken")
    data = b"again"
    with web_server(data) as port:
        check(guest.run("busybox", "wget", "-q", "-O", "-", f"http://{HOST}:{port}/"), stdout="again")
