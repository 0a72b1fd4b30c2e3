"""The virtual machine: QEMU's command line, its process, and whether KVM can be used."""
import ctypes
import hashlib
import os
import re
import signal
import subprocess
import tempfile
import time

from . import link, tree
from .errors import MasixError

QEMU = "qemu-system-i386"
# The servers take random bytes from the processor.
CPU = "qemu32,+rdrand"
DEFAULT_MEMORY = 512
PROBE_SECONDS = 20
# QEMU says this of every kernel that could take a video mode.
HARMLESS = "multiboot knows VBE"
PR_SET_PDEATHSIG = 1

libc = ctypes.CDLL(None)


def quote(path):
    """A path inside a QEMU option, where a comma separates."""
    return path.replace(",", ",,")


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def last_words(log):
    """The reason in a system log: what the server that ACS stops for said last, else ACS's own reason, else the
    kernel's panic."""
    lines = log.splitlines()
    for at, line in enumerate(lines):
        # The kernel leaves its own last line open.
        stop = re.search(r"\bmasix: (?:([\w./-]+): )?(.*); stopping$", line.strip())
        if stop:
            own = [before.partition("] ")[2] for before in lines[:at]
                   if stop[1] and re.match(rf"\[ *\d+\.\d+\] {re.escape(stop[1])}: ", before)]
            return own[-1].strip() if own else f"{stop[1]}: {stop[2]}" if stop[1] else stop[2]
        if line.strip().endswith("] unix: init has ended: stopping"):
            own = [before.partition("] unix: ")[2] for before in lines[:at] if "] unix: init[1]: " in before]
            return own[-1].strip() if own else "init has ended"
    panics = [line.strip() for line in lines if "panic" in line.lower()]
    return panics[-1] if panics else ""


def disks(root_image, keep, share_image):
    """hd0 is the root image (None: there is none), unchanged afterwards unless `keep`; hd1 what becomes /host."""
    options = []
    if root_image:
        snapshot = "off" if keep else "on"
        options += ["-drive", f"file={quote(root_image)},format=raw,if=ide,index=0,snapshot={snapshot}"]
    if share_image:
        options += ["-drive", f"file={quote(share_image)},format=raw,if=ide,index=1"]
    return options


def lines(channel, log_path, only_serial):
    """The serial line, whose text goes to the log, and the host channel on the socket `channel`. With `only_serial`
    there is no channel device, and the socket is the other end of the serial line."""
    log = quote(log_path)
    if only_serial:
        return ["-chardev", f"socket,id=log,fd={channel},logfile={log}", "-serial", "chardev:log"]
    return [
        "-chardev", f"file,id=log,path={log}", "-serial", "chardev:log",
        "-chardev", f"socket,id=host,fd={channel}",
        # The slot gives the interrupt line: 11, which no driver of the kernel uses.
        "-device", "virtio-serial-pci,disable-modern=on,max_ports=2,addr=4",
        "-device", "virtserialport,chardev=host,nr=1",
    ]


class Network:
    """A network card on QEMU's user network, where 10.0.2.2 is this host. `forwards`: (PROTOCOL, PORT HERE, PORT IN THE
    GUEST); the ports here are those of the loopback address."""

    descriptors = ()  # that QEMU inherits

    def __init__(self, forwards=()):
        self.forwards = forwards

    def options(self):
        forwards = "".join(f",hostfwd={protocol}:127.0.0.1:{here}-:{there}" for protocol, here, there in self.forwards)
        return [
            "-netdev", f"user,id=net{forwards}",
            # The slot gives the interrupt line: 10, which nothing else uses. No ROM: nobody boots from it.
            "-device", "virtio-net-pci,netdev=net,disable-modern=on,romfile=,addr=5",
        ]


class Cable:
    """A network card at a place of a switch (switch.py), which is given by its socket."""

    def __init__(self, sock, number):
        self.descriptors = (sock.fileno(),)
        self.number = number

    def options(self):
        return [
            "-netdev", f"socket,id=net,fd={self.descriptors[0]}",
            "-device", "virtio-net-pci,netdev=net,disable-modern=on,romfile=,addr=5,"
                       f"mac=52:54:00:4d:58:{self.number:02x}",
        ]


class Display:
    """A VGA card and its screen: a window where the user has a desktop, else VNC on a socket beside the log. `monitor` is
    the path of a socket on which QEMU takes commands (for tests: then nobody looks at the screen), or None."""

    def __init__(self, monitor=None):
        self.monitor = monitor
        self.socket = None  # of VNC

    def options(self, log_path):
        options = ["-device", "VGA,addr=2"]
        if self.monitor:
            return [*options, "-display", "none", "-monitor", f"unix:{quote(self.monitor)},server=on,wait=off"]
        window = self.window()
        if not window:
            self.socket = os.path.splitext(log_path)[0] + ".vnc"
        return [*options, "-display", window or f"vnc=unix:{quote(self.socket)}", "-monitor", "none"]

    def close(self):
        if self.socket and os.path.exists(self.socket):
            os.unlink(self.socket)

    @staticmethod
    def window():
        """What QEMU calls a window, None where there can be none."""
        known = subprocess.run([QEMU, "-display", "help"], stdout=subprocess.PIPE, check=False).stdout.decode().split()
        if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
            for name in ("gtk", "sdl"):
                if name in known:
                    return name
        return None


class Machine:
    """One running QEMU. `link` is the channel to the guest, `log_path` what the serial line says, `network` a Network,
    a Cable or None, `display` a Display or None."""

    def __init__(self, memory=DEFAULT_MEMORY, root_image=tree.ROOT_IMAGE, keep=False, share_image=None, accel=None,
                 log_path=None, modules=None, only_serial=False, network=None, display=None):
        self.log_path = log_path or tree.new_log()
        self.errors = tempfile.TemporaryFile()
        self.display = display
        self.link, theirs = link.pair()
        with theirs:
            devices = disks(root_image, keep, share_image) + lines(theirs.fileno(), self.log_path, only_serial)
            devices += network.options() if network else []
            devices += display.options(self.log_path) if display else ["-display", "none", "-monitor", "none"]
            inherited = [theirs.fileno(), *(network.descriptors if network else ())]
            command = self.command(memory, accel or accelerator(), modules or tree.boot_modules(), devices)
            try:
                self.process = subprocess.Popen(
                    command, cwd=tree.BUILD, stdin=subprocess.DEVNULL, stdout=self.errors,
                    stderr=self.errors, pass_fds=inherited, preexec_fn=die_with_parent,
                    start_new_session=True)
            except FileNotFoundError as error:
                raise MasixError(f"{QEMU} is not installed; run scripts/setup") from error

    def command(self, memory, accel, modules, devices):
        # Module files are named relative to build/: QEMU takes what follows a space as arguments.
        modules = ",".join(quote(line) for line in modules)
        return [
            QEMU, "-nodefaults", "-no-user-config", "-no-reboot",
            "-accel", accel, "-cpu", CPU, "-m", str(memory),
            "-kernel", tree.config("KERNEL"), "-append", "console=com0", "-initrd", modules, *devices,
        ]

    def log(self):
        try:
            with open(self.log_path, "rb") as stream:
                return stream.read().replace(b"\r", b"")
        except FileNotFoundError:
            return b""

    def complaint(self):
        """What QEMU itself said, in one line; "" if nothing that matters."""
        self.errors.seek(0)
        lines = [line.strip() for line in self.errors.read().decode(errors="replace").splitlines()]
        return "; ".join(line for line in lines if line and "warning" not in line and HARMLESS not in line)

    def last_words(self):
        """Why the system stopped, in one line; "" if it did not say."""
        return last_words(self.log().decode(errors="replace"))

    def is_running(self):
        return self.process.poll() is None

    def wait(self, seconds):
        """True if the machine stopped by itself in time."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self):
        """May be called again."""
        if self.is_running():
            self.process.kill()
        self.process.wait()
        self.link.close()
        self.errors.close()
        if self.display:
            self.display.close()


def accelerator():
    """"kvm" if a boot with it reaches process 1 (tried once for a kernel and a QEMU), else "tcg"."""
    wanted = os.environ.get("MASIX_ACCEL")
    if wanted:
        return wanted
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    cache = os.path.join(tree.BUILD, "accelerator")
    key = probe_key()
    try:
        with open(cache, encoding="utf-8") as stream:
            known, answer = stream.read().split()
        if known == key and answer in ("kvm", "tcg"):
            return answer
    except (OSError, ValueError):
        pass
    answer = "kvm" if kvm_boots() else "tcg"
    with open(cache, "w", encoding="utf-8") as stream:
        stream.write(f"{key} {answer}\n")
    return answer


def probe_key():
    version = subprocess.run([QEMU, "--version"], stdout=subprocess.PIPE, check=False).stdout
    return hashlib.sha256(version + tree.config("KERNEL").encode()).hexdigest()[:16]


def kvm_boots():
    with tempfile.TemporaryDirectory(prefix="masix-") as folder:
        machine = Machine(accel="kvm", log_path=os.path.join(folder, "log"))
        try:
            deadline = time.monotonic() + PROBE_SECONDS
            while time.monotonic() < deadline and machine.is_running():
                for channel, payload in machine.link.receive():
                    if channel == link.CONTROL and b"ready" in payload:
                        return True
                time.sleep(0.05)
            return False
        finally:
            machine.kill()
