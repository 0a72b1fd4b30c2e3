"""A process that names to the Unix server what it may not have: nodes that it could not open, ports of its own."""
from harness import PROCESS, case, check

BOGUS_PORTS_OF = (PROCESS,)
FORGER = "/usr/lib/masix/trials/forger"
# Holds pseudo-terminal 0, unlocked, while the rest of its arguments run as user 1000.
HOLD = ('open(M, "+>", "/dev/ptmx") or die; $zero = pack("i", 0); ioctl(M, 0x40045431, $zero) or die; '
        'if (!fork) { $( = 1000; $) = "1000 1000"; $< = $> = 1000; exec @ARGV or die } wait')


@case
def nothing_is_given_for_a_right_that_does_not_allow_it(guest):
    check(guest.sh("mkfifo -m 600 /var/tmp/roots"))
    check(guest.run("perl", "-e", HOLD, "--", FORGER, "var/tmp/roots", "etc/shadow"), stdout="""\
a port of its own: invalid argument
no port: invalid argument
its process: invalid argument
a directory: invalid argument
the console's node, not opened: permission denied
another mount's number: invalid argument
another user's terminal: permission denied
a port of its own: invalid argument
the fifo's node, not opened: permission denied
a device's node: invalid argument
a port of its own: invalid argument
a file, not opened: permission denied
a file, opened to read: permission denied
a file, opened to read, shared: GRANTED
""")
    check(guest.sh("rm /var/tmp/roots"))
