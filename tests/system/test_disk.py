"""The root disk when it is full, when the machine is killed, and when it is no file system."""
import hashlib
import os
import subprocess
import tempfile

from harness import TOP, Failed, MasixError, TestGuest, TimedOut, alone, check, require

ROOT = f"{TOP}/build/root.img"


def host(*command, good=(0,)):
    run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    require(run.returncode in good, f"{' '.join(command)}: {run.returncode}: {run.stdout[-1200:]!r}")
    return run.stdout


def copy_of_root(folder):
    image = f"{folder}/root.img"
    host("cp", "--sparse=always", ROOT, image)
    return image


def read(image, path):
    return subprocess.run(["debugfs", "-R", f"cat {path}", image], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=False).stdout


@alone(seconds=150)
def a_full_disk_is_told_and_stays_whole():
    with tempfile.TemporaryDirectory() as folder:
        image = copy_of_root(folder)
        host("e2fsck", "-fp", image)
        host("resize2fs", image, "220M")
        guest = TestGuest(root_image=image, keep=True)
        try:
            guest.set_time(120)
            full = "No space left on device"
            fill = "dd if=/dev/zero of=/fill bs=64k 2>&1 | grep -o '" + full + "'"
            check(guest.sh(fill), stdout=f"{full}\n")
            check(guest.sh("df --output=avail / | tail -n 1 | tr -d ' '"), stdout="0\n")
            result = check(guest.sh("dd if=/dev/zero of=/more bs=64k count=1; cp /bin/bash /another; echo $?"), stdout="1\n")
            require(result.stderr.count(full.encode()) >= 2, f"it said {result.stderr!r}")
            check(guest.sh("sync; cmp -n 1000000 /fill /dev/zero && echo whole; echo here >/tmp/x; cat /tmp/x; ls -d /etc"),
                  stdout="whole\nhere\n/etc\n")
            check(guest.sh("rm -f /fill /more /another; sync; head -c 3000000 /dev/urandom >/kept; md5sum </kept >/sum; cat /sum"))
            check(guest.sh(fill), stdout=f"{full}\n")
            require(guest.halt(), "it did not shut down in order")
        finally:
            guest.close()
        host("e2fsck", "-fn", image)
        kept = hashlib.md5(read(image, "/kept")).hexdigest()
        require(read(image, "/sum").decode().split()[0] == kept, "what was written when there was room is damaged")


@alone(seconds=120)
def a_machine_killed_while_it_writes():
    busy = """i=0; while :; do i=$((i+1)); mkdir /busy$i; cp -r /etc /busy$i; echo $i >/busy$i/n; mv /busy$i/n /busy$i/m
        head -c 2000000 /dev/zero >/large; rm -rf /busy$((i-2)) /large; [ $((i % 3)) = 0 ] && sync; done"""
    data = hashlib.shake_256(b"synced").digest(3 << 20)
    with tempfile.TemporaryDirectory() as folder:
        image = copy_of_root(folder)
        for seconds in (2, 4.3):
            guest = TestGuest(root_image=image, keep=True)
            try:
                guest.set_time(60)
                check(guest.sh("mkdir -p /safe/deep; cat >/safe/deep/data; echo small >/safe/small; ln -sf data /safe/deep/link; "
                               "rm -f /safe/large; sync", stdin=data))
                guest.set_time(seconds)
                try:
                    result = guest.sh(busy)
                    raise Failed(f"it ended: {result.status}, {result.stderr!r}")
                except TimedOut:
                    pass
            finally:
                guest.close()
            host("e2fsck", "-fp", image, good=(0, 1))
            host("e2fsck", "-fn", image)
            require(read(image, "/safe/deep/data") == data, "synced data is lost or damaged")
            require(read(image, "/safe/small") == b"small\n", "a synced small file is lost")


def stops(expected, **options):
    """The system does not come up and says this in one clear line; QEMU ends by itself."""
    try:
        guest = TestGuest(**options)
    except MasixError as error:
        require(str(error).startswith("the system stopped") and expected in str(error) and "\n" not in str(error),
                f"it said: {error}")
        return
    guest.close()
    raise Failed("it came up")


def damaged(folder, offset, data):
    image = copy_of_root(folder)
    with open(image, "r+b") as stream:
        stream.seek(offset)
        stream.write(data)
    return image


@alone
def no_disk_at_all():
    stops("fs: root: ", root_image=None)


@alone
def a_root_without_a_superblock():
    with tempfile.TemporaryDirectory() as folder:
        stops("fs: root: ", root_image=damaged(folder, 1024, os.urandom(1024)))


@alone
def a_root_that_is_cut_off():
    with tempfile.TemporaryDirectory() as folder:
        image = copy_of_root(folder)
        os.truncate(image, 64 << 20)
        stops("fs: root: ", root_image=image)


@alone
def a_root_without_group_descriptors():
    with tempfile.TemporaryDirectory() as folder:
        stops("fs: root: ", root_image=damaged(folder, 4096, b"\xff" * 4096))


@alone
def a_root_without_process_1():
    with tempfile.TemporaryDirectory() as folder:
        image = copy_of_root(folder)
        host("debugfs", "-w", "-R", "rm /usr/bin/init", image)
        log = f"{folder}/log"
        stops("", root_image=image, log_path=log)
        with open(log, encoding="utf-8", errors="replace") as stream:
            text = stream.read()
        require("the first program cannot be run" in text, f"the log ends with {text[-300:]!r}")


@alone
def a_module_that_was_changed():
    from frontend import tree
    with tempfile.TemporaryDirectory() as folder:
        host("cp", f"{TOP}/build/signed/unix", f"{folder}/unix")
        with open(f"{folder}/unix", "r+b") as stream:
            stream.seek(200000)
            byte = stream.read(1)
            stream.seek(200000)
            stream.write(bytes([byte[0] ^ 1]))
        lines = [line.replace("signed/unix ", f"{folder}/unix ") for line in tree.boot_modules()]
        require(lines != tree.boot_modules(), "the module line has changed its form")
        stops("unix: image does not match its manifest", modules=lines)
