"""A machine without a network card: loopback is there, and the log says why nothing else is."""
from harness import case, check, require


@case
def it_is_not_started_before_it_is_needed(guest):
    names = [row.split()[0] for row in check(guest.run("masix", "servers")).stdout.decode().splitlines()]
    require("unix" in names and "net" not in names, names)


@case
def only_loopback(guest):
    script = """use Socket qw(:all); socket my $l, 2, 1, 0; bind $l, pack_sockaddr_in(0, INADDR_LOOPBACK) or die $!; listen $l, 1;
        socket my $c, 2, 1, 0; connect $c, getsockname $l or die $!; accept my $a, $l; syswrite $c, "inside"; sysread $a, my $x, 9; print $x"""
    check(guest.run("perl", "-e", script), stdout="inside")
    require("net: no network card; only loopback" in guest.log(), "the log does not say it")


@case
def others_are_unreachable(guest):
    script = """use Socket qw(:all); socket my $c, 2, 1, 0; print connect($c, pack_sockaddr_in(80, inet_aton("10.0.2.2"))) ? "connected" : $!"""
    check(guest.run("perl", "-e", script), stdout="Network is unreachable")
    check(guest.sh("busybox ifconfig lo | grep -c 'inet addr:127.0.0.1'; cat /etc/resolv.conf"), stdout="1\n")
