"""DOS programs on the system's own screen (dos -s), seen through QEMU's monitor."""
import os
import socket
import tempfile
import time

from harness import TestGuest, alone, case, check, require

from frontend.machine import Display
from frontend.streams import Collected, Input

PROGRAM = "/usr/lib/masix/dos/screen.com"
SECONDS = 30
BLUE, RED, GREEN, YELLOW, WHITE = (0, 0, 168), (255, 0, 0), (0, 255, 0), (255, 255, 87), (255, 255, 255)


class Screen:
    """The screen of a guest, by way of the monitor's socket."""

    def __init__(self, folder):
        self.folder = folder
        self.socket = os.path.join(folder, "monitor")

    def command(self, text):
        """What the monitor says until its next prompt."""
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(SECONDS)
            monitor.connect(self.socket)
            for wanted in (None, text):
                if wanted:
                    monitor.sendall(wanted.encode() + b"\n")
                said = b""
                while not said.endswith(b"(qemu) "):
                    part = monitor.recv(4096)
                    require(part, f"the monitor has gone after {said!r}")
                    said += part

    def take(self):
        """(width, height, function that gives the color at x, y)"""
        path = os.path.join(self.folder, "screen.ppm")
        self.command(f"screendump {path}")
        with open(path, "rb") as stream:
            kind, size, depth, pixels = stream.read().split(b"\n", 3)
        require((kind, depth) == (b"P6", b"255"), f"not a picture: {kind} {depth}")
        width, height = (int(word) for word in size.split())
        return width, height, lambda x, y: tuple(pixels[3 * (y * width + x):][:3])

    def wait_for(self, is_there):
        """The card is drawn a little later than it is written to; returns the picture."""
        deadline = time.monotonic() + SECONDS
        while True:
            picture = self.take()
            if is_there(*picture):
                return picture
            require(time.monotonic() < deadline, f"the screen never came: {picture[:2]}, "
                    f"{[picture[2](x, 0) for x in range(12)]}")


class Looker(Input):
    """Standard input of a command: once that has printed `ready`, somebody looks, and then comes an end of line."""

    def __init__(self, output, look):
        super().__init__()
        self.output = output
        self.look = look

    def is_ready(self):
        if self.look and b"ready" in self.output.data:
            look, self.look = self.look, None
            look()
            self.data = memoryview(b"\n")
        return bool(self.data) or not self.look


def show(guest, letter, look, meanwhile=":"):
    """Runs `dos -s screen.com LETTER`, calls `look` when it has drawn, then runs `meanwhile` and kills it; a Result."""
    script = f"""dos -s {PROGRAM} {letter} </dev/null & pid=$!
        read line; {meanwhile}; kill -9 $pid; wait $pid 2>/dev/null; true"""
    printed = Collected()
    return check(guest.sh(script, stdin=Looker(printed, look), stdout=printed))


def with_screen(function):
    def test():
        with tempfile.TemporaryDirectory(prefix="masix-") as folder:
            screen = Screen(folder)
            guest = TestGuest(display=Display(screen.socket))
            try:
                guest.set_time(240)
                function(guest, screen)
                guest.require_right_names(0)
            finally:
                guest.close()
    test.__name__ = function.__name__
    test.__module__ = function.__module__
    return alone(test, seconds=300)


def bytes_are_there(width, height, color):
    """Color n at x = n; in twice the size on some versions of QEMU."""
    step = width // 320
    at = [color(n * step, 50 * step) for n in range(256)]
    return (width * 5 == height * 8 and at[1] == RED and at[2] == GREEN and at[0] == (0, 0, 0) and at[4] == (168, 0, 0)
            and at[15] == WHITE and at[32] == (0, 0, 255) and at[40] == RED and at[103] == (183, 199, 255)
            and at[255] == (0, 0, 0) and color(10 * step, 150 * step) == WHITE and color(12 * step, 150 * step) == (0, 0, 0))


def planes_are_there(width, height, color):
    glyph = sum(color(x, y) == YELLOW for x in range(8) for y in range(16))
    return ((width, height) == (640, 480) and color(100, 200) == WHITE and color(101, 200) == (0, 0, 0) and glyph > 20
            and color(0, 300) == color(639, 300) == (255, 87, 87) and color(0, 301) == (0, 0, 0))


def text_is_there(width, height, color):
    cell = width // 80
    return (height == 400 and color(0, 0) == YELLOW and color(cell + 2, 5) == BLUE and color(2, 17) == (168, 0, 0)
            and color(2 * cell + 2, 17) == (0, 0, 0))


@with_screen
def programs_draw_on_the_screen(guest, screen):
    before = screen.take()
    for letter, is_there in (("b", bytes_are_there), ("p", planes_are_there), ("t", text_is_there)):
        show(guest, letter, lambda wanted=is_there: screen.wait_for(wanted))
        # What was there comes back, though the program was killed.
        screen.wait_for(lambda *now: now[:2] == before[:2] and all(
            now[2](x, y) == before[2](x, y) for x in range(0, before[0], 7) for y in range(0, 256, 3)))


@with_screen
def others_leave_the_screen_alone(guest, screen):
    """There is one program on the screen at a time, it is root's, and others see a terminal."""
    others = f"""dos -s {PROGRAM} b 2>&1 | tail -n 1; dos {PROGRAM} b </dev/null; echo $?
        perl -e '$( = $) = 1000; $< = $> = 1000; exec @ARGV' dos -s {PROGRAM} b 2>&1"""
    result = show(guest, "b", lambda: screen.wait_for(bytes_are_there), meanwhile=others)
    said = result.stdout.decode().replace("\r", "").splitlines()
    require(said[0] == "ready" and "busy" in said[1] and said[2:4] == ["failed: check 0002", "1"] and
            "with the screen: no such name" in said[4], f"it printed {said}")


@case
def without_a_card_there_is_no_screen(guest):
    result = check(guest.run("dos", "-s", PROGRAM, "b"), status=125)
    require(b"device" in result.stderr, f"stderr is {result.stderr!r}")
