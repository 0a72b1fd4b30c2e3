"""Where a command's input comes from and its output goes to. All are used with poll(2)."""
import os
import select


class Input:
    """Bytes, or a file descriptor (which stays open)."""

    def __init__(self, data=b"", fd=None):
        self.data = memoryview(data)
        self.fd = fd
        self.ended = False

    def is_ready(self):
        """Is it worth to read now? (A descriptor is asked with poll besides.)"""
        return not self.ended

    def read(self, size):
        """Up to `size` bytes; sets `ended` at the end. For descriptors, after poll said that it is readable."""
        if self.fd is not None:
            try:
                piece = os.read(self.fd, size)
            except OSError:  # EIO of a terminal that went away
                piece = b""
        else:
            piece = bytes(self.data[:size])
            self.data = self.data[size:]
        self.ended = not piece
        return piece


class Typist(Input):
    """Types as a user does: steps of (what must have been printed since the last step, what is typed then)."""

    def __init__(self, output, *steps):
        super().__init__()
        self.output = output
        self.steps = list(steps)
        self.seen = 0

    def is_ready(self):
        if not self.data and self.steps:
            expected, typed = self.steps[0]
            found = self.output.data.find(expected, self.seen)
            if found >= 0:
                self.seen = found + len(expected)
                self.data = memoryview(typed)
                del self.steps[0]
        return bool(self.data) or not (self.steps or self.ended)


class Collected:
    """Output kept in memory."""

    fd = None
    pending = b""
    broken = False

    def __init__(self):
        self.data = bytearray()

    def write(self, payload):
        self.data += payload


class Output:
    """Output to a file descriptor that may be slow."""

    # A pipe that poll(2) calls writable takes this much without blocking.
    PIECE = select.PIPE_BUF

    def __init__(self, fd):
        self.fd = fd
        self.pending = bytearray()
        self.broken = False

    def write(self, payload):
        if not self.broken:
            self.pending += payload

    def flush_piece(self):
        try:
            del self.pending[:os.write(self.fd, self.pending[:self.PIECE])]
        except BlockingIOError:
            pass
        except OSError:
            self.pending.clear()
            self.broken = True
