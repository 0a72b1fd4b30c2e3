"""What the first milestone promised, typed as a user types it."""
import hashlib
import os
import re
import shutil
import subprocess
import tempfile

from harness import TOP, alone, masix, require

SHELL = ("for i in $(seq 100); do echo $i; done | sort -rn | head -3; ls -l /bin/bash; "
         'echo "$((6*7))" > /tmp/x && cat /tmp/x; exit 7')
BUSYBOX = "ps; mount; df; date; id; dd if=/dev/zero of=/big bs=1M count=20; sync; md5sum /big; find / -xdev | wc -l"


def lines_of(run, status):
    require(run.returncode == status, f"status {run.returncode}, stdout {run.stdout!r}, stderr {run.stderr[-1500:]!r}")
    return run.stdout.decode().splitlines()


@alone
def a_script_of_bash():
    run = masix("exec", "--", "bash", "-c", SHELL)
    lines = lines_of(run, 7)
    require(lines[:3] == ["100", "99", "98"] and lines[4:] == ["42"], f"it printed {lines}")
    require(re.fullmatch(r"-rwxr-xr-x +1 root +root +\d{7} \w{3} +\d+ +[\d:]+ /bin/bash", lines[3]), f"ls: {lines[3]!r}")
    require(run.stderr == b"", f"stderr is {run.stderr!r}")


@alone
def a_script_of_busybox():
    run = masix("exec", "--", "busybox", "sh", "-c", BUSYBOX)
    text = "\n".join(lines_of(run, 0))
    for pattern in (r"^ *1 root .*init$", r"^ *\d+ root .*busybox sh -c ps; mount",
                    r"^/dev/hd0 on / type ext2 \(rw", r"^proc on /proc type proc", r"^tmpfs on /tmp type tmpfs",
                    r"^/dev/hd0 +\d+ +\d+ +\d+ +\d+% /$", r"^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d UTC 20\d\d$",
                    r"^uid=0\(root\) gid=0\(root\)", rf"^{hashlib.md5(bytes(20 << 20)).hexdigest()}  /big$", r"^\d{4,}$"):
        require(re.search(pattern, text, re.M), f"no line like {pattern} in {text!r}")
    require(run.stderr.startswith(b"20+0 records in\n20+0 records out\n"), f"stderr is {run.stderr!r}")


def compile_for(folder, name, *flags):
    command = ["gcc", "-m32", "-O2", *flags, "-pthread", "-o", f"{folder}/{name}", f"{TOP}/tests/system/programs/threads.c"]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    require(run.returncode == 0, f"{' '.join(command)}: {run.stdout.decode(errors='replace')}")


@alone
def programs_of_the_host():
    with tempfile.TemporaryDirectory() as folder:
        compile_for(folder, "static", "-static")
        compile_for(folder, "dynamic")
        compile_for(folder, "fixed", "-no-pie")
        compile_for(folder, "pie", "-static-pie")
        # These execute int $0x80 themselves: static programs of musl.
        for name in ("int80.musl", "threads.musl"):
            shutil.copy(f"{TOP}/build/tests/{name}", folder)
        script = """
            for way in static dynamic fixed pie; do /host/$way $way; echo $?; done
            for name in int80 threads; do /host/$name.musl >/host/$name.out; echo $name $?; done"""
        run = masix("exec", "--share", folder, "--", "bash", "-c", script, seconds=120)
        lines = lines_of(run, 0)
        expected = [line for way in ("static", "dynamic", "fixed", "pie") for line in (f"40000 {way}", "0")]
        require(lines == [*expected, "int80 0", "threads 0"], f"it printed {lines}; stderr {run.stderr!r}")
        for name in ("int80", "threads"):
            with open(f"{folder}/{name}.out", encoding="utf-8") as stream:
                text = stream.read()
            require("ok " in text and "FAIL" not in text, f"{name} wrote {text!r}")


@alone
def one_program_of_the_host_is_the_command():
    with tempfile.TemporaryDirectory() as folder:
        compile_for(folder, "prog")
        before = os.stat(f"{folder}/prog")
        run = masix("exec", "--share", folder, "--", "/host/prog", "a b")
        require(lines_of(run, 0) == ["40000 a b"], f"it printed {run.stdout!r}")
        require(os.stat(f"{folder}/prog").st_mode == before.st_mode, "its mode has changed")


@alone
def megabytes_pass_each_way_untouched():
    data = hashlib.shake_256(b"both ways").digest(4 << 20)
    run = masix("exec", "--", "bash", "-c", "tee /tmp/copy; cat /tmp/copy >&2; exit 5", stdin=data)
    require(run.returncode == 5, f"status {run.returncode}")
    require(run.stdout == data, f"stdout differs ({len(run.stdout)} bytes)")
    require(run.stderr == data, f"stderr differs ({len(run.stderr)} bytes)")


@alone
def the_statuses_of_env_and_timeout():
    for command, status in ((["/no/such"], 127), (["/etc"], 126), (["bash", "-c", "kill -SEGV $$"], 139)):
        run = masix("exec", "--", *command)
        require(run.returncode == status and run.stdout == b"", f"{command}: {run.returncode}, {run.stderr!r}")
