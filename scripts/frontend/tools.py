"""The tools of e2fsprogs on images of the host."""
import os
import subprocess

from .errors import MasixError

FSCK_MENDED = 1
# Debian keeps them out of the PATH of those who are not root.
ENVIRONMENT = {**os.environ, "PATH": os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"}


def run_tool(command, good=(0,)):
    try:
        run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             env=ENVIRONMENT, check=False)
    except FileNotFoundError as error:
        raise MasixError(f"{command[0]} is not installed; run scripts/setup") from error
    if run.returncode not in good:
        lines = run.stdout.decode(errors="replace").strip().splitlines()
        raise MasixError(f"{command[0]} failed: {lines[-1] if lines else run.returncode}")


def mend(image):
    """What a machine that was killed left half done: its file system would be mounted read-only. Does nothing to one
    that was shut down in order."""
    try:
        run_tool(["e2fsck", "-p", image], good=(0, FSCK_MENDED))
    except MasixError as error:
        raise MasixError(f"{image} needs more than e2fsck -p: {error}; mend it with e2fsck -f, or remove it and run make "
                         "for a new one") from error
