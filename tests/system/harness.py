"""What system tests are made of. A test is a function under @case: it gets a booted guest, which it shares with the
other cases of its file, runs commands in it and checks what came back. @alone marks one that boots for itself.

    @case
    def exit_status_is_passed(guest):
        check(guest.sh("exit 7"), status=7)
"""
import os
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
MASIX = os.path.join(TOP, "scripts/masix")
sys.path[:0] = [os.path.join(TOP, "scripts"), os.path.join(TOP, "tests")]

from frontend.cluster import Cluster  # noqa: E402
from frontend.errors import MasixError, TimedOut  # noqa: E402
from frontend.guest import Guest  # noqa: E402
from frontend.streams import Collected, Typist  # noqa: E402
from kernel_complaints import PROCESS, complaints  # noqa: E402

DEFAULT_SECONDS = 60


class Failed(Exception):
    """A check did not hold; the text says which."""


class Case:
    def __init__(self, function, seconds, needs_guest):
        self.function = function
        self.name = f"{function.__module__}.{function.__name__}"
        self.seconds = seconds
        self.needs_guest = needs_guest


cases = []


def case(function=None, *, seconds=DEFAULT_SECONDS, needs_guest=True):
    """Registers a test that is over within `seconds`, its boot not counted."""
    def register(target):
        cases.append(Case(target, seconds, needs_guest))
        return target
    return register(function) if function else register


def alone(function=None, *, seconds=120):
    """Registers a test that takes no guest."""
    return case(function, seconds=seconds, needs_guest=False)


class TestGuest:
    """A running guest as the cases see it."""

    def __init__(self, booted=None, **options):
        self.guest = booted or Guest(**options)
        self.log_seen = 0
        if booted:
            return
        try:
            self.guest.boot()
        except BaseException:
            self.close()
            raise

    def run(self, *arguments, stdin=b"", **how):
        """Runs a command; a Result with status, stdout and stderr (bytes)."""
        return self.guest.run(arguments, stdin=stdin, **how)

    def sh(self, script, stdin=b"", **how):
        return self.run("bash", "-c", script, stdin=stdin, **how)

    def type(self, script, *steps, window=(24, 80)):
        """Runs a shell script on the terminal; steps of (text that must have been printed, keys to type then)."""
        screen = Collected()
        return self.sh(script, stdin=Typist(screen, *steps), stdout=screen, tty=True, window=window)

    def log(self):
        return self.guest.machine.log().decode(errors="replace")

    def require_right_names(self, allowed):
        """The kernel has not complained since this was asked last."""
        log = self.log()
        wrong = complaints(log[self.log_seen:], allowed)
        self.log_seen = log.rfind("\n") + 1
        require(not wrong, f"the kernel says: {wrong}")

    def printed(self):
        """What the command that runs has printed so far, for whoever reads the failure."""
        return "".join(f"; it printed {shorten(bytes(output.data))}" for output in self.guest.outputs.values()
                       if output.data)

    def set_time(self, seconds):
        self.guest.deadline = time.monotonic() + seconds

    def halt(self):
        return self.guest.halt()

    def close(self):
        self.guest.close()


class TestCluster(TestGuest):
    """Machines that know each other; a case sees the first of them, and all by their numbers in `nodes`."""

    def __init__(self, nodes):
        self.cluster = Cluster(nodes)
        try:
            self.cluster.come_up()
        except BaseException:
            self.cluster.close()
            raise
        super().__init__(self.cluster.guests[1])
        self.nodes = {1: self, **{number: TestGuest(self.cluster.guests[number]) for number in range(2, nodes + 1)}}

    def reboot(self, number):
        """That machine is killed at once; returns when it runs again."""
        self.cluster.start(number)
        self.cluster.boot(number)
        self.nodes[number] = TestGuest(self.cluster.guests[number])

    def set_time(self, seconds):
        for node in self.nodes.values():
            node.guest.deadline = time.monotonic() + seconds
        self.cluster.deadline = time.monotonic() + seconds

    def require_right_names(self, allowed):
        super().require_right_names(allowed)
        for number, node in self.nodes.items():
            if number != 1:
                node.require_right_names(allowed)

    def close(self):
        self.cluster.close()


class Steps(Typist):
    """What is typed, and what is done meanwhile: a step may also have a function that is called."""

    def is_ready(self):
        while not self.data and self.steps:
            expected, step = self.steps[0]
            found = bytes(self.output.data).find(expected, self.seen)
            if found < 0:
                return False
            self.seen = found + len(expected)
            del self.steps[0]
            if callable(step):
                step()
            else:
                self.data = memoryview(step)
        return bool(self.data) or not self.ended


def check(result, status=0, stdout=None, stderr=None):
    """The command ended with `status` (128 + N for signal N) and printed exactly this (text or bytes; None: anything)."""
    problems = []
    if result.status.exit_status != status:
        problems.append(f"status is {result.status!r}, not {status}")
    for name, expected in (("stdout", stdout), ("stderr", stderr)):
        actual = getattr(result, name)
        expected = expected.encode() if isinstance(expected, str) else expected
        if expected is not None and actual != expected:
            problems.append(f"{name} is {shorten(actual)}, not {shorten(expected)}")
    if problems:
        raise Failed("; ".join(problems + explain(result)))
    return result


def explain(result):
    """What else the command said, for whoever reads the failure."""
    return [f"{name}: {shorten(getattr(result, name))}" for name in ("stdout", "stderr") if getattr(result, name)]


def shorten(data):
    return repr(data) if len(data) <= 2000 else f"{data[:1000]!r}... ({len(data)} bytes)"


def require(condition, text):
    if not condition:
        raise Failed(text)


def masix(*arguments, stdin=b"", seconds=60, program=MASIX, **environment):
    """Runs scripts/masix as a user does; a subprocess.CompletedProcess."""
    try:
        return subprocess.run([program, *arguments], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=seconds, check=False, env={**os.environ, "MASIX_NO_BUILD": "1", **environment})
    except subprocess.TimeoutExpired as error:
        raise Failed(f"masix {' '.join(arguments)}: not over after {seconds} s") from error


__all__ = ["Failed", "MasixError", "PROCESS", "Steps", "TOP", "TestCluster", "TestGuest", "TimedOut", "alone", "case", "check", "masix", "require"]
