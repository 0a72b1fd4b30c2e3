"""Machines that know each other: each a guest with the network servers, at a place of one switch. Node K is called nK and
has the address 10.77.0.K."""
import os
import socket
import tempfile

from . import tree
from .errors import MasixError, TimedOut
from .guest import Guest
from .machine import Cable
from .switch import Switch
from .tools import run_tool

MEMORY = 256
NODES_MAX = 32
SECRET_BYTES = 32
# What the machines may need to find each other, after the boot.
MEET_SECONDS = 60


def name_of(number):
    return f"n{number}"


def address_of(number):
    return f"10.77.0.{number}"


class Keys:
    """What makes machines the nodes of one cluster, in a private folder: its secret, and for each machine an image of gns with a
    certified key of its own (masix-sign node)."""

    def __init__(self, nodes, folder):
        self.folder = folder
        secret = os.path.join(folder, "secret")
        if os.path.exists(secret):  # made by another front end
            return
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(os.urandom(SECRET_BYTES))
        for number in range(1, nodes + 1):
            run_tool([os.path.join(tree.BUILD, "host/masix-sign"), "-k", os.path.join(tree.BUILD, "keys"), "node",
                      name_of(number), secret, os.path.join(tree.BUILD, "signed/gns"), self.image(number)])

    def image(self, number):
        return os.path.join(self.folder, f"gns-{name_of(number)}")


def modules(nodes, number, keys):
    """The boot modules of that machine: those of any, and the network servers."""
    lines = []
    for line in tree.boot_modules():
        name, _, arguments = line.partition(" ")
        if name in ("signed/acs", "signed/manifests"):
            name = name.replace("signed/", "signed/cluster/")
        if name == "signed/cluster/acs":
            arguments = arguments.replace("console=", "net=${net-task} gns=${gns-task} console=", 1)
        lines.append(f"{name} {arguments}")
    # Any two of the others tell of the rest.
    seeds = [f"seed={address_of(other)}" for other in range(1, nodes + 1) if other != number][:2]
    lines.append(f"signed/net address={address_of(number)}/24 $(net-task=task-create)")
    lines.append(f"{keys.image(number)} at={address_of(number)} {' '.join(seeds)} $(gns-task=task-create)")
    return tree.checked(lines)


def make_guest(nodes, number, sock, keys, **options):
    """The guest of that machine; `sock` leads to the switch and is closed here."""
    with sock:
        return Guest(modules=modules(nodes, number, keys), network=Cable(sock, number), **options)


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
        self.folder = tempfile.TemporaryDirectory(prefix="masix-cluster-")
        self.keys = Keys(nodes, self.folder.name)
        self.switch = Switch(nodes + 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for guest in self.guests.values():
            guest.close()
        self.switch.close()
        self.folder.cleanup()

    def start(self, number, **options):
        """Switches that machine on; one that runs there is killed."""
        if number in self.guests:
            self.guests[number].close()
        self.guests[number] = make_guest(self.nodes, number, self.switch.plug(number), self.keys, memory=self.memory,
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
