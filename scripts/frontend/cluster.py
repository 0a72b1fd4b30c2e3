"""Machines that know each other: each a guest with the network servers, at a place of one switch. Node K is called nK and
has the address 10.77.0.K."""
import socket

from . import tree
from .errors import MasixError, TimedOut
from .guest import Guest
from .machine import Cable
from .switch import Switch

MEMORY = 256
NODES_MAX = 32
# What the machines may need to find each other, after the boot.
MEET_SECONDS = 60


def name_of(number):
    return f"n{number}"


def address_of(number):
    return f"10.77.0.{number}"


def modules(nodes, number):
    """The boot modules of that machine: those of any, and the network servers."""
    lines = []
    for line in tree.boot_modules():
        name, _, arguments = line.partition(" ")
        if name in ("signed/acs", "signed/manifests"):
            name = name.replace("signed/", "signed/cluster/")
        if name == "signed/cluster/acs":
            arguments = arguments.replace("console=", "net=${net-task} gns=${gns-task} console=", 1)
        lines.append(f"{name} {arguments}")
    peers = [f"peer={name_of(other)}={address_of(other)}" for other in range(1, nodes + 1) if other != number]
    lines.append(f"signed/net address={address_of(number)}/24 $(net-task=task-create)")
    lines.append(f"signed/gns node={name_of(number)} {' '.join(peers)} $(gns-task=task-create)")
    return tree.checked(lines)


def make_guest(nodes, number, sock, **options):
    """The guest of that machine; `sock` leads to the switch and is closed here."""
    with sock:
        return Guest(modules=modules(nodes, number), network=Cable(sock, number), **options)


def connect(path, number):
    """A place at the switch of another process (windows.py)."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.connect(path)
        sock.sendall(bytes([number]))
    except OSError as error:
        sock.close()
        raise MasixError(f"{path}: {error.strerror}") from error
    return sock


class Cluster:
    """Use as a context manager, or call close(). `guests` are by the numbers of their nodes, which begin at 1."""

    def __init__(self, nodes, memory=MEMORY, deadline=None):
        self.nodes = nodes
        self.memory = memory
        self.deadline = deadline
        self.guests = {}
        self.switch = Switch(nodes + 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for guest in self.guests.values():
            guest.close()
        self.switch.close()

    def start(self, number, **options):
        """Switches that machine on; one that runs there is killed."""
        if number in self.guests:
            self.guests[number].close()
        self.guests[number] = make_guest(self.nodes, number, self.switch.plug(number), memory=self.memory,
                                         deadline=self.deadline, **options)

    def boot(self, number):
        """Waits until it is ready for a command."""
        try:
            self.guests[number].boot()
        except TimedOut:
            raise
        except MasixError as error:
            raise MasixError(f"{name_of(number)}: {error}") from error

    def meet(self, number):
        """Waits until that machine knows all others."""
        result = self.guests[number].run(["masix", "nodes", "--wait", str(self.nodes), "-d", str(MEET_SECONDS)])
        if result.status.exit_status:
            raise MasixError(f"{name_of(number)}: {result.stderr.decode(errors='replace').strip()}")

    def come_up(self):
        """Switches on those that are off, and waits until all know each other."""
        for number in range(1, self.nodes + 1):
            if number not in self.guests:
                self.start(number)
        for number in self.guests:
            self.boot(number)
        for number in self.guests:
            self.meet(number)
