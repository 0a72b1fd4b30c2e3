"""A machine without the host channel's device."""
import select
import time

from harness import alone, require

from frontend.machine import Machine

BOOT_SECONDS = 60
ANSWER_SECONDS = 20


class Line:
    """The other end of the serial line."""

    def __init__(self, machine):
        self.machine = machine
        self.sock = machine.link.sock
        self.text = b""

    def expect(self, wanted, seconds=ANSWER_SECONDS):
        """Waits until the line says `wanted`; what came before it is forgotten."""
        deadline = time.monotonic() + seconds
        while wanted not in self.text:
            require(self.machine.is_running(), "the machine stopped")
            require(time.monotonic() < deadline, f"no {wanted!r} in {self.text[-500:]!r}")
            if select.select([self.sock], [], [], 0.5)[0]:
                self.text += self.sock.recv(65536).replace(b"\r", b"")
        before, _, self.text = self.text.partition(wanted)
        return before

    def type(self, keys):
        self.sock.sendall(keys)


@alone
def the_serial_line_has_a_shell():
    machine = Machine(only_serial=True)
    line = Line(machine)
    try:
        line.expect(b"# ", BOOT_SECONDS)
        line.type(b"tty; echo $((6 * 7))st\r")
        line.expect(b"/dev/console\n")
        line.expect(b"42st\n")
        # The interrupt is for who is in the foreground by then: not the shell that is about to put somebody there.
        line.type(b"sh -c 'echo $((6 * 7))nd; exec sleep 100'; echo not $((6 * 7))rd\r")
        line.expect(b"42nd\n")
        line.type(b"\x03")
        line.expect(b"# ")
        line.type(b"echo $((6 * 7))th\r")
        require(b"42rd" not in line.expect(b"42th\n"), "the interrupt did not end the line")
    finally:
        machine.kill()
