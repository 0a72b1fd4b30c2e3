"""An interactive session: this terminal becomes the guest's."""
import os
import signal
import termios
import tty

from .streams import Input

ESCAPE = 0x1D  # Ctrl-]
LEAVE = b"q"
ESCAPE_HELP = "Ctrl-] q leaves; Ctrl-] Ctrl-] sends Ctrl-]"


class Left(Exception):
    """The user left the session by the escape."""


class Keys(Input):
    """What is typed, without the escape sequences."""

    def __init__(self, fd):
        super().__init__(fd=fd)
        self.escaped = False

    def read(self, size):
        typed = super().read(size)
        if not typed:
            raise Left
        kept = bytearray()
        for byte in typed:
            if self.escaped:
                self.escaped = False
                if byte in LEAVE:
                    raise Left
                if byte != ESCAPE:
                    kept.append(ESCAPE)
                kept.append(byte)
            elif byte == ESCAPE:
                self.escaped = True
            else:
                kept.append(byte)
        return bytes(kept)


def size(fd):
    columns, rows = os.get_terminal_size(fd)
    return rows, columns


class Terminal:
    """Raw mode for as long as the context lasts; `resized` is readable after a resize."""

    def __init__(self, fd):
        self.fd = fd
        self.saved = termios.tcgetattr(fd)
        self.resized, self.resize_end = os.pipe()

    def __enter__(self):
        os.set_blocking(self.resize_end, False)
        self.previous = signal.signal(signal.SIGWINCH, self.on_resize)
        tty.setraw(self.fd)
        return self

    def __exit__(self, *_):
        termios.tcsetattr(self.fd, termios.TCSADRAIN, self.saved)
        signal.signal(signal.SIGWINCH, self.previous)
        os.close(self.resized)
        os.close(self.resize_end)

    def on_resize(self, *_):
        try:
            os.write(self.resize_end, b"r")
        except BlockingIOError:  # one is waiting already
            pass

    def take_resize(self):
        os.read(self.resized, 4096)
        return size(self.fd)
