"""A Linux guest on the root image of Masix, with the QEMU, processor and memory that Masix gets: what
`make bench` compares with, and the reference that the conformance programs run on."""
import os
import stat
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "scripts"))

from frontend import machine, tree  # noqa: E402 (the path must be set first)
from frontend.errors import MasixError  # noqa: E402

# What the kernel needs to find an ext2 root on an IDE disk; Debian has them as modules. crc32c is asked for by
# name at run time, so no dependency tells of it.
MODULES = ("ata_piix", "sd_mod", "crc32c_generic", "ext4")

# Linux at its best. Masix has no mitigations either; and code at random addresses makes QEMU translate it anew for
# each exec, which costs ten times what the exec does.
COMMAND_LINE = "console=ttyS0 quiet mitigations=off norandmaps panic=-1"

INIT = """#!/bin/sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
for module in {modules}; do /bin/busybox insmod /modules/$module.ko || echo "no $module"; done
tries=100
while [ ! -b /dev/sda ] && [ $tries -gt 0 ]; do /bin/busybox sleep 0.1; tries=$((tries - 1)); done
/bin/busybox mount -t ext2 /dev/sda /root || echo "no root"
/bin/busybox mount -t tmpfs -o mode=1777 tmp /root/tmp
/bin/busybox mount -t proc proc /root/proc
/bin/busybox mount -t devtmpfs dev /root/dev
/bin/busybox mkdir /root/dev/pts
/bin/busybox mount -t devpts -o ptmxmode=666 pts /root/dev/pts
/bin/busybox mkdir /root/dev/shm
/bin/busybox mount -t tmpfs -o mode=1777 shm /root/dev/shm
/bin/busybox ln -s /proc/self/fd /root/dev/fd
/bin/busybox mknod /dev/job c 4 65
/bin/busybox stty -F /dev/job raw -echo
cd /root
/bin/busybox cp /job /root/tmp/job
# The job's terminal is its own, not this line.
/bin/busybox setsid /bin/busybox chroot /root /bin/sh /tmp/job </root/dev/null >/dev/job 2>&1
echo "job: $?" >/dev/job
cd /
/bin/busybox umount /root/dev/pts /root/dev /root/proc /root/tmp /root
/bin/busybox sync
/bin/busybox reboot -f
"""


class Initramfs:
    """A cpio archive in the kernel's "newc" format."""

    def __init__(self):
        self.parts = []
        self.inode = 0

    def add(self, name, mode, content=b""):
        self.inode += 1
        path = name.encode() + b"\0"
        fields = (self.inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(path), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        self.parts += [self.padded(header + path), self.padded(content)]

    @staticmethod
    def padded(data):
        return data + bytes(-len(data) % 4)

    def folder(self, name):
        self.add(name, stat.S_IFDIR | 0o755)

    def file(self, name, content, mode=0o755):
        self.add(name, stat.S_IFREG | mode, content)

    def content(self):
        self.add("TRAILER!!!", 0)
        return b"".join(self.parts)


def kernel_modules(folder):
    """{name: path} of all modules below the folder."""
    found = {}
    for place, _, files in os.walk(folder):
        for name in files:
            if name.endswith(".ko"):
                found[name[:-3].replace("-", "_")] = os.path.join(place, name)
    return found


def dependencies(path):
    """What modinfo calls "depends"."""
    with open(path, "rb") as stream:
        content = stream.read()
    start = content.find(b"\0depends=")
    if start < 0:
        return []
    text = content[start + len(b"\0depends="):]
    return [name.replace("-", "_") for name in text[:text.index(b"\0")].decode().split(",") if name]


def load_order(found, wanted):
    """The wanted modules, each after those that it depends on."""
    order = []

    def visit(name):
        if name in order:
            return
        if name not in found:
            raise MasixError(f"the Linux kernel has no module {name}")
        for other in dependencies(found[name]):
            visit(other)
        order.append(name)

    for name in wanted:
        visit(name)
    return order


def initramfs(job):
    found = kernel_modules(os.path.join(os.path.dirname(tree.config("LINUX_KERNEL")), "package/lib/modules"))
    order = load_order(found, MODULES)
    archive = Initramfs()
    for name in ("bin", "dev", "proc", "root", "modules"):
        archive.folder(name)
    archive.add("dev/console", stat.S_IFCHR | 0o600)
    with open(os.path.join(tree.config("ROOTFS"), "usr/bin/busybox"), "rb") as stream:
        archive.file("bin/busybox", stream.read())
    archive.add("bin/sh", stat.S_IFLNK | 0o777, b"busybox")
    for name in order:
        with open(found[name], "rb") as stream:
            archive.file(f"modules/{name}.ko", stream.read(), 0o644)
    archive.file("init", INIT.format(modules=" ".join(order)).encode())
    archive.file("job", job.encode(), 0o644)
    return archive.content()


def processor_share(pid):
    """How much of the processor time that it was ready to use a process has got, 0 to 1; None if it is gone."""
    run = waited = 0
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as stream:
                times = stream.read().split()
            run += int(times[0])
            waited += int(times[1])
    except (OSError, IndexError):
        return None
    return run / (run + waited) if run else None


class Outcome:
    def __init__(self, status, output, log, share):
        self.status = status  # of the job
        self.output = output  # bytes, stdout and stderr
        self.log = log  # the kernel's console, text
        self.share = share  # of the processor that the guest got, see processor_share


def wait(qemu, timeout):
    """Waits for its end and returns its share of the processor."""
    deadline = time.monotonic() + timeout
    share = None
    while True:
        share = processor_share(qemu.pid) or share
        try:
            qemu.wait(0.5)
            return share
        except subprocess.TimeoutExpired:
            if time.monotonic() > deadline:
                qemu.kill()
                qemu.wait()
                raise MasixError(f"the Linux guest took longer than {timeout} s") from None


def run(job, timeout, memory=machine.DEFAULT_MEMORY, root_image=tree.ROOT_IMAGE, output_path=None):
    """Boots, runs the shell script `job` as root in the root image (of which nothing is kept) and returns the
    Outcome. `output_path` sees the output while it comes."""
    kernel = tree.config("LINUX_KERNEL")
    if not os.path.isfile(kernel):
        raise MasixError("there is no Linux kernel yet; run scripts/setup --bench")
    with tempfile.TemporaryDirectory(prefix="masix-linux-") as folder:
        archive = os.path.join(folder, "initramfs")
        with open(archive, "wb") as stream:
            stream.write(initramfs(job))
        log = os.path.join(folder, "log")
        output = output_path or os.path.join(folder, "output")
        command = [
            machine.QEMU, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-monitor", "none",
            "-accel", machine.accelerator(), "-cpu", machine.CPU, "-m", str(memory),
            "-kernel", kernel, "-initrd", archive, "-append", COMMAND_LINE,
            "-chardev", f"file,id=log,path={log}", "-serial", "chardev:log",
            "-chardev", f"file,id=job,path={output}", "-serial", "chardev:job",
            "-drive", f"file={machine.quote(root_image)},format=raw,if=ide,index=0,snapshot=on",
        ]
        with tempfile.TemporaryFile() as said:
            qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                                    preexec_fn=machine.die_with_parent)
            share = wait(qemu, timeout)
            said.seek(0)
            complaint = said.read().decode(errors="replace") if qemu.returncode else ""
        with open(output, "rb") as stream:
            text, _, status = stream.read().rpartition(b"job: ")
        with open(log, encoding="utf-8", errors="replace") as stream:
            console = stream.read().replace("\r", "")
    if complaint or not status.strip().isdigit():
        raise MasixError("the Linux guest failed: " + "\n".join(filter(None, [
            complaint, console[-2000:], (text + status).decode(errors="replace")[-2000:]])))
    return Outcome(int(status), text, console, share)
