"""scripts/masix as a user calls it."""
import os
import shutil
import subprocess
import tempfile

from harness import TOP, TestGuest, alone, check, masix, require
from frontend.tools import mend


def expect(run, status, stdout=None):
    problems = f"status {run.returncode}, stdout {run.stdout[:500]!r}, stderr {run.stderr[-1500:]!r}"
    require(run.returncode == status, problems)
    require(stdout is None or run.stdout == stdout, problems)


@alone
def exec_passes_streams_and_status():
    run = masix("exec", "--", "bash", "-c", "cat; echo err >&2; exit 9", stdin=b"in\0put")
    expect(run, 9, b"in\0put")
    require(run.stderr == b"err\n", f"stderr is {run.stderr!r}")


@alone
def exec_tells_of_a_signal():
    expect(masix("exec", "--", "bash", "-c", "kill -9 $$"), 137, b"")


@alone
def a_time_out_is_124_with_the_log():
    run = masix("exec", "--timeout", "25", "--", "sleep", "1000")
    expect(run, 124, b"")
    require(b"console" in run.stderr, f"no system log in {run.stderr[-500:]!r}")


@alone
def a_closed_pipe_ends_the_command():
    shell = subprocess.run(f"{TOP}/scripts/masix exec -- yes | head -n 2; echo ${{PIPESTATUS[0]}}", shell=True,
                           executable="/bin/bash", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=100,
                           check=False, env={**os.environ, "MASIX_NO_BUILD": "1"})
    require(shell.stdout == b"y\ny\n141\n", f"it printed {shell.stdout!r}")


@alone
def the_root_image_is_not_changed():
    before = os.stat(f"{TOP}/build/root.img").st_mtime_ns
    expect(masix("exec", "--", "bash", "-c", "echo x >/etc/new; sync; cat /etc/new"), 0, b"x\n")
    require(os.stat(f"{TOP}/build/root.img").st_mtime_ns == before, "it was written to")


@alone
def a_shared_directory_comes_back():
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/kept", "w", encoding="utf-8") as stream:
            stream.write("kept")
        with open(f"{folder}/gone", "w", encoding="utf-8") as stream:
            stream.write("gone")
        script = "cat kept; rm gone; mkdir sub; echo new >sub/file; echo more >>kept; chmod 750 sub; ln -s kept link"
        expect(masix("exec", "--share", folder, "--cwd", "/host", "--", "bash", "-ec", script), 0, b"kept")
        found = sorted(os.listdir(folder))
        require(found == ["kept", "link", "sub"], f"it holds {found}")
        with open(f"{folder}/kept", encoding="utf-8") as stream:
            text = stream.read()
        require(text == "keptmore\n", f"kept holds {text!r}")
        require(os.readlink(f"{folder}/link") == "kept", "the link is wrong")
        require(os.stat(f"{folder}/sub").st_mode & 0o777 == 0o750, "the mode did not come back")


@alone
def a_shut_down_leaves_a_clean_file_system():
    with tempfile.TemporaryDirectory() as folder:
        image = f"{folder}/root.img"
        subprocess.run(["cp", "--sparse=always", f"{TOP}/build/root.img", image], check=True)
        guest = TestGuest(root_image=image, keep=True)
        try:
            guest.set_time(60)
            check(guest.sh("mkdir /d; for i in $(seq 50); do echo $i >/d/$i; done; rm /d/7; mv /d/8 /d/eight"))
            require(guest.halt(), "it did not shut down in order")
        finally:
            guest.close()
        fsck = subprocess.run(["e2fsck", "-fn", image], stdout=subprocess.PIPE, check=False)
        require(fsck.returncode == 0, f"e2fsck says {fsck.stdout[-800:]!r}")
        names = subprocess.run(["debugfs", "-R", "cat /d/eight", image], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, check=False).stdout
        require(names == b"8\n", f"/d/eight holds {names!r}")


@alone
def a_killed_machine_is_mended_before_it_runs_again():
    with tempfile.TemporaryDirectory() as folder:
        image = f"{folder}/root.img"
        subprocess.run(["cp", "--sparse=always", f"{TOP}/build/root.img", image], check=True)
        guest = TestGuest(root_image=image, keep=True)
        try:
            guest.set_time(60)
            check(guest.sh("echo safe >/safe; sync; for i in $(seq 100); do echo $i >/f$i; done"))
        finally:
            guest.close()
        mend(image)
        guest = TestGuest(root_image=image, keep=True)
        try:
            guest.set_time(60)
            check(guest.sh("cat /safe; echo more >>/safe; cat /safe"), stdout="safe\nsafe\nmore\n")
            require(guest.halt(), "it did not shut down in order")
        finally:
            guest.close()
        fsck = subprocess.run(["e2fsck", "-fn", image], stdout=subprocess.PIPE, check=False)
        require(fsck.returncode == 0, f"e2fsck says {fsck.stdout[-800:]!r}")


@alone
def a_missing_directory_to_share_is_125():
    run = masix("exec", "--share", "/no/such/folder", "--", "true")
    expect(run, 125, b"")
    require(run.stderr.count(b"\n") == 1, f"stderr is {run.stderr!r}")


@alone
def too_little_memory_is_125():
    expect(masix("exec", "--mem", "8", "--", "true", MASIX_BOOT_SECONDS="15"), 125, b"")


@alone
def a_corrupt_root_image_is_125():
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(f"{folder}/build")
        for name in ("signed", "config.mk"):
            os.symlink(f"{TOP}/build/{name}", f"{folder}/build/{name}")
        shutil.copytree(f"{TOP}/scripts", f"{folder}/scripts")
        with open(f"{folder}/build/root.img", "wb") as stream:
            stream.truncate(64 << 20)
        run = masix("exec", "--", "true", program=f"{folder}/scripts/masix", MASIX_BOOT_SECONDS="40")
        expect(run, 125, b"")
        last = run.stderr.decode(errors="replace").splitlines()[-1]
        require(last.startswith("masix: the system stopped: fs: root: "), f"the last line is {last!r}")


@alone
def manifests_are_checked_by_line():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "lamp.manifest")
        for text, status, why in (("name lamp\nprovides lamp client dir\n", 0, ""),
                                  ("name lamp\n\nright everything\n", 1, ":3: unknown right: everything\n")):
            with open(path, "w", encoding="ascii") as stream:
                stream.write(text)
            done = masix("sign", "check", path)
            require((done.returncode, done.stderr.decode()) == (status, why and path + why), f"{text!r}: {done}")
    signed = masix("sign", "show", os.path.join(TOP, "build/signed/example.manifest"))
    require(signed.returncode == 0 and signed.stdout.startswith(b"name example\n"), f"{signed}")
    require(masix("sign", "--help").stdout.startswith(b"usage: masix-sign"), "no help")
