"""A booted Masix: commands run in it one after another, and it is shut down in order."""
import os
import select
import time

from . import link
from .errors import MasixError, TimedOut
from .machine import Machine
from .streams import Collected, Input

BOOT_SECONDS = 120
HALT_SECONDS = 60
OUTPUT_LIMIT = 65536
STOPPED = "the system stopped"


class Status:
    """How a command ended: an exit status or a signal."""

    def __init__(self, code=None, signal=None):
        self.code = code
        self.signal = signal

    @property
    def exit_status(self):
        """As a shell tells it."""
        return self.code if self.signal is None else 128 + self.signal

    def __repr__(self):
        return f"exit {self.code}" if self.signal is None else f"signal {self.signal}"


class Result:
    def __init__(self, status, stdout, stderr, error):
        self.status = status
        self.stdout = bytes(stdout)
        self.stderr = bytes(stderr)
        self.error = error  # why the command could not be started, or None


def parse_status(line):
    words = line.split()
    if len(words) == 2:
        return Status(code=int(words[1]))
    if len(words) == 3 and words[1] == "signal":
        return Status(signal=int(words[2]))
    raise MasixError(f"process 1 said {line!r}")


class Guest:
    """Use as a context manager, or call close(). Every wait has the deadline of `deadline`
    (time.monotonic; None: for ever), and raises TimedOut when it is over."""

    def __init__(self, deadline=None, **options):
        self.deadline = deadline
        self.machine = Machine(**options)
        self.link = self.machine.link
        self.lines = []  # of the control channel, not looked at yet
        self.partial = b""
        self.outputs = {}
        self.is_ready = False
        self.tty = False  # the command has a terminal, whose input has no end
        self.booted = False  # process 1 has run: disks may have changed

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- Waiting ---

    def pump(self, source=None, extra=None):
        """Waits for something to happen and moves what can be moved. `source` is the Input of stdin;
        extra = (descriptor, function to call when it is readable)."""
        poller = select.poll()
        events = {}

        def want(fd, event, function):
            events[fd] = (events[fd][0] | event, function) if fd in events else (event, function)

        # Output that nobody takes is left with the guest.
        clogged = any(len(output.pending) > OUTPUT_LIMIT for output in self.outputs.values())
        event = (0 if clogged else select.POLLIN) | (select.POLLOUT if self.link.outgoing else 0)
        want(self.link.fileno(), event, None)
        for output in self.outputs.values():
            if output.pending:
                want(output.fd, select.POLLOUT, output.flush_piece)
        while self.takes(source) and source.fd is None:
            self.feed(source)
        if self.takes(source):
            want(source.fd, select.POLLIN, lambda: self.feed(source))
        if extra:
            want(extra[0], select.POLLIN, extra[1])
        for fd, (event, _) in events.items():
            poller.register(fd, event)
        for fd, happened in poller.poll(self.poll_milliseconds()):
            function = events[fd][1]
            if function:
                function()
            elif clogged and happened & (select.POLLHUP | select.POLLERR):
                self.link.ended = True
        self.link.flush()
        if not clogged:
            self.take_frames()
        if self.link.ended:
            self.machine.wait(1)
        if any(output.broken for output in self.outputs.values()):
            raise BrokenPipeError
        if self.deadline is not None and time.monotonic() >= self.deadline:
            raise TimedOut("timed out")

    def takes(self, source):
        return source and source.is_ready() and self.link.credit > 0 and not self.link.outgoing

    def poll_milliseconds(self):
        if self.deadline is None:
            return 1000
        return max(0, min(1000, int((self.deadline - time.monotonic()) * 1000) + 1))

    def feed(self, source):
        piece = source.read(min(self.link.credit, link.PAYLOAD_MAX))
        if piece:
            self.link.send(link.STDIN, piece)
        elif source.ended and not self.tty:
            self.link.send(link.STDIN, flags=link.END)

    def take_frames(self):
        try:
            for channel, payload in self.link.receive():
                if channel == link.CONTROL:
                    *lines, self.partial = (self.partial + payload).split(b"\n")
                    self.lines += [line.decode(errors="replace") for line in lines]
                elif channel in self.outputs:
                    self.outputs[channel].write(payload)
        except link.ProtocolError as error:
            raise MasixError(f"the guest broke the channel's protocol ({error})") from error

    def next_line(self, **pump):
        """The next line of the control channel; None when the machine has stopped."""
        while not self.lines:
            if self.link.ended:
                return None
            self.pump(**pump)
        return self.lines.pop(0)

    # --- Life ---

    def boot(self, on_wait=None, seconds=BOOT_SECONDS):
        """Waits until process 1 is ready for a command."""
        started = time.monotonic()
        overall = self.deadline
        limit = started + float(os.environ.get("MASIX_BOOT_SECONDS", seconds))
        while not self.lines and not self.link.ended:
            # Short waits, so that whoever shows the boot can look at the log.
            now = time.monotonic()
            if overall is not None and now >= overall:
                raise TimedOut("timed out while it booted")
            if now >= limit:
                reason = self.machine.last_words()
                raise MasixError(f"the system did not come up in {int(limit - started)} s" +
                                 (f"; it says: {reason}" if reason else ""))
            self.deadline = now + 0.1
            try:
                self.pump()
            except TimedOut:
                pass
            if on_wait:
                on_wait()
        self.deadline = overall
        self.expect_ready()

    def expect_ready(self):
        line = self.next_line()
        if line is None:
            raise MasixError(self.why_stopped())
        if line != "ready":
            raise MasixError(f"process 1 said {line!r}, not ready")
        self.is_ready = True
        self.booted = True

    def why_stopped(self):
        reason = self.machine.complaint() or self.machine.last_words()
        return f"{STOPPED}: {reason}" if reason else STOPPED

    def run(self, arguments, stdin=None, stdout=None, stderr=None, tty=False, directory=None, environment=None,
            session=True, window=None, extra=None):
        """Runs a command (none: an interactive shell) and returns its Result. `stdin` is bytes or an Input;
        `stdout` and `stderr` are Outputs, or collected. With `session` another command may follow."""
        if not self.is_ready:
            self.expect_ready()
        self.is_ready = False
        self.tty = tty
        source = stdin if isinstance(stdin, Input) else Input(stdin or b"")
        self.outputs = {link.STDOUT: stdout or Collected(), link.STDERR: stderr or Collected()}
        if window:
            self.link.send_window(*window)
        self.link.send(link.STDIN, flags=link.ANEW)
        fields = [f"tty={int(tty)}", f"session={int(session)}"]
        if directory:
            fields.append(f"cwd={directory}")
        fields += [f"env={name}={value}" for name, value in (environment or {}).items()]
        fields += [f"arg={argument}" for argument in arguments]
        self.send_request(fields)
        error = None
        while True:
            line = self.next_line(source=source, extra=extra)
            if line is None:
                raise MasixError(self.why_stopped())
            if line.startswith("error "):
                error = line[len("error "):]
            elif line.startswith("status "):
                break
        while any(output.pending for output in self.outputs.values()):
            self.pump()
        out, err = (self.outputs[channel] for channel in (link.STDOUT, link.STDERR))
        return Result(parse_status(line), getattr(out, "data", b""), getattr(err, "data", b""), error)

    def send_request(self, fields):
        request = b"".join(os.fsencode(field) + b"\0" for field in fields) + b"\0"
        if len(request) > 65536:
            raise MasixError("the command line is longer than 64 KiB")
        if b"\0" in b"".join(os.fsencode(field) for field in fields):
            raise MasixError("an argument has a NUL byte in it")
        self.link.send(link.CONTROL, request)

    def halt(self, seconds=HALT_SECONDS):
        """Shuts the system down in order, whatever it does, and waits until the machine is off. False: it did
        not stop in order."""
        self.deadline = time.monotonic() + seconds
        self.is_ready = False
        # If the last command ended the session it stops already, and nobody reads this.
        self.send_request(["halt=1"])
        try:
            while (line := self.next_line()) is not None:
                if line == "bye":
                    return self.machine.wait(max(0, self.deadline - time.monotonic()))
        except (TimedOut, BrokenPipeError):
            pass
        return False

    def close(self):
        self.machine.kill()
