"""The host's end of the channel to the guest: frames over a socket (docs/host-channel.md)."""
import socket
import struct

STDIN, STDOUT, STDERR, CONTROL, WINDOW, CREDIT = range(6)
END, ANEW = 1, 2
PAYLOAD_MAX = 4096
STDIN_CREDIT = 65536
HEADER = struct.Struct("<BBH")


class ProtocolError(Exception):
    """The guest sent something that is no frame."""


def encode(channel, payload=b"", flags=0):
    """The frames that carry `payload`; one with an empty payload if there is none."""
    pieces = [payload[at:at + PAYLOAD_MAX] for at in range(0, len(payload), PAYLOAD_MAX)] or [b""]
    return b"".join(HEADER.pack(channel, flags, len(piece)) + piece for piece in pieces)


class Decoder:
    """Turns bytes, however cut, into frames."""

    def __init__(self):
        self.bytes = bytearray()

    def feed(self, data):
        """Yields (channel, payload) for every frame that `data` completes."""
        self.bytes += data
        at = 0
        while len(self.bytes) - at >= HEADER.size:
            channel, flags, length = HEADER.unpack_from(self.bytes, at)
            if channel not in (STDOUT, STDERR, CONTROL, CREDIT) or flags or length > PAYLOAD_MAX:
                raise ProtocolError(f"channel {channel}, flags {flags}, length {length}")
            if channel == CREDIT and length != 4:
                raise ProtocolError(f"credit of {length} bytes")
            end = at + HEADER.size + length
            if len(self.bytes) < end:
                break
            yield channel, bytes(self.bytes[at + HEADER.size:end])
            at = end
        del self.bytes[:at]


class Link:
    """One socket to the guest. Never blocks: what cannot be sent yet waits in `outgoing`."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.setblocking(False)
        self.decoder = Decoder()
        self.outgoing = bytearray()
        self.credit = STDIN_CREDIT
        self.ended = False

    def fileno(self):
        return self.sock.fileno()

    def send(self, channel, payload=b"", flags=0):
        if channel == STDIN:
            self.credit -= len(payload)
        self.outgoing += encode(channel, payload, flags)
        self.flush()

    def send_window(self, rows, columns):
        self.send(WINDOW, struct.pack("<HH", rows, columns))

    def flush(self):
        try:
            while self.outgoing:
                del self.outgoing[:self.sock.send(self.outgoing)]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self.outgoing.clear()
            self.ended = True

    def receive(self):
        """The frames that have arrived, without those of credit; sets `ended` at the end."""
        try:
            data = self.sock.recv(65536)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self.ended = True
            return
        for channel, payload in self.decoder.feed(data):
            if channel == CREDIT:
                self.credit += int.from_bytes(payload, "little")
            else:
                yield channel, payload

    def close(self):
        self.sock.close()


def pair():
    """(our end as a Link, the file descriptor for QEMU)."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    return Link(ours), theirs
