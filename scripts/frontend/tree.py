"""The tree: where things are, and building them when they are not up to date."""
import fcntl
import os
import subprocess
import sys
import time

from .errors import MasixError

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
BUILD = os.path.join(TOP, "build")
ROOT_IMAGE = os.path.join(BUILD, "root.img")
MODULES = os.path.join(TOP, "scripts/boot-modules")
LOGS = os.path.join(BUILD, "log")


def make(*targets):
    """Brings build/ up to date, or some files in it; what make says goes to stderr. Set MASIX_NO_BUILD to skip it."""
    if os.environ.get("MASIX_NO_BUILD"):
        return
    # Not a child of the terminal's make, should the front end have been started by one.
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES")}
    os.makedirs(BUILD, exist_ok=True)
    with open(os.path.join(BUILD, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two front ends must not build at the same time
        run = subprocess.run(["make", "-s", "-C", TOP, f"-j{os.cpu_count() or 1}",
                              *(os.path.relpath(target, TOP) for target in targets)], stdin=subprocess.DEVNULL,
                             stdout=sys.stderr, env=environment, check=False)
    if run.returncode:
        raise MasixError("the build failed; see above")


def config(name):
    """A variable of build/config.mk."""
    try:
        with open(os.path.join(BUILD, "config.mk"), encoding="utf-8") as stream:
            for line in stream:
                key, separator, value = line.partition(":=")
                if separator and key.strip() == name:
                    return value.strip()
    except OSError as error:
        raise MasixError(f"no build configuration ({error.strerror}); run make") from error
    raise MasixError(f"build/config.mk does not say {name}; run scripts/setup")


def boot_modules():
    """The lines of scripts/boot-modules: FILE ARGUMENT..., FILE relative to build/."""
    with open(MODULES, encoding="utf-8") as stream:
        lines = [line.strip() for line in stream]
    return checked([line for line in lines if line and not line.startswith("#")])


def checked(lines):
    """The same lines; all their files are there."""
    for line in lines:
        name = line.split()[0]
        if not os.path.isfile(os.path.join(BUILD, name)):
            raise MasixError(f"boot module build/{name} is missing; run make")
    return lines


def new_log(keep=20):
    """The path of a new log file; the oldest of them go."""
    os.makedirs(LOGS, exist_ok=True)
    old = sorted(name for name in os.listdir(LOGS) if name.endswith(".log"))
    for name in old[:-keep]:
        try:
            os.unlink(os.path.join(LOGS, name))
        except FileNotFoundError:  # another front end was quicker
            pass
    return os.path.join(LOGS, time.strftime("%Y%m%d-%H%M%S-") + f"{os.getpid()}-{time.monotonic_ns()}.log")


def latest_log():
    logs = sorted(name for name in os.listdir(LOGS) if name.endswith(".log")) if os.path.isdir(LOGS) else []
    if not logs:
        raise MasixError("nothing was booted yet")
    return os.path.join(LOGS, logs[-1])
