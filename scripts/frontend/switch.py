"""The wire between the machines of a cluster: an Ethernet switch in a thread. QEMU sends each frame over a stream socket, its
length before it. A machine that is booted again gets a new socket at the same place."""
import selectors
import socket
import struct
import threading

LENGTH = struct.Struct(">I")
FRAME_MAX = 65536 + 64
# What waits for a machine that does not read; more is lost, as on a wire.
BACKLOG_MAX = 1 << 20
GROUP_BIT = 1


class Place:
    """Where one machine is plugged in."""

    def __init__(self):
        self.sock = None
        self.incoming = bytearray()
        self.outgoing = bytearray()

    def frames(self, data):
        """The whole frames that `data` completes; ValueError: this is no such stream."""
        self.incoming += data
        at = 0
        while len(self.incoming) - at >= LENGTH.size:
            size, = LENGTH.unpack_from(self.incoming, at)
            if size > FRAME_MAX:
                raise ValueError
            if len(self.incoming) - at < LENGTH.size + size:
                break
            yield bytes(self.incoming[at + LENGTH.size:at + LENGTH.size + size])
            at += LENGTH.size + size
        del self.incoming[:at]


class Switch:
    """Use as a context manager, or call close()."""

    def __init__(self, places):
        self.places = [Place() for _ in range(places)]
        self.homes = {}  # address of a card: its place
        self.cut = set()  # numbers of places whose cable is out
        self.selector = selectors.DefaultSelector()
        self.waker, self.woken = socket.socketpair()
        self.woken.setblocking(False)
        self.selector.register(self.woken, selectors.EVENT_READ, None)
        self.orders = []  # to be done by the thread
        self.lock = threading.Lock()
        self.ended = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def plug(self, number):
        """A new socket for the machine at that place, which is the caller's to close once QEMU has it."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.adopt(number, ours)
        return theirs

    def adopt(self, number, sock):
        """What comes over this socket comes from the machine at that place."""
        sock.setblocking(False)
        self.order(lambda: self.replace(self.places[number], sock))

    def set_cut(self, number, is_cut):
        """Pull the cable of that place out, or put it in again."""
        self.order(lambda: (self.cut.add if is_cut else self.cut.discard)(number))

    def order(self, function):
        with self.lock:
            self.orders.append(function)
        self.waker.send(b"o")

    def close(self):
        if self.thread.is_alive():
            self.order(lambda: setattr(self, "ended", True))
            self.thread.join()
        for place in self.places:
            self.replace(place, None)
        self.selector.close()
        self.waker.close()
        self.woken.close()

    # --- The thread ---

    def run(self):
        while not self.ended:
            for key, events in self.selector.select():
                place = key.data
                if place is None:
                    self.take_orders()
                    continue
                if events & selectors.EVENT_READ and place.sock is key.fileobj:
                    self.read(place)
                if events & selectors.EVENT_WRITE and place.sock is key.fileobj:
                    self.flush(place)

    def take_orders(self):
        self.woken.recv(4096)
        with self.lock:
            orders, self.orders = self.orders, []
        for function in orders:
            function()

    def replace(self, place, sock):
        if place.sock:
            self.selector.unregister(place.sock)
            place.sock.close()
        place.sock = sock
        place.incoming.clear()
        place.outgoing.clear()
        if sock:
            self.selector.register(sock, selectors.EVENT_READ, place)

    def read(self, place):
        try:
            data = place.sock.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        try:
            if not data:
                raise ValueError
            for frame in place.frames(data):
                self.forward(place, frame)
        except ValueError:
            self.replace(place, None)

    def forward(self, source, frame):
        if len(frame) < 14 or self.places.index(source) in self.cut:
            return
        self.homes[frame[6:12]] = source
        home = None if frame[0] & GROUP_BIT else self.homes.get(frame[:6])
        for number, place in enumerate(self.places):
            if place is not source and place.sock and number not in self.cut and home in (None, place):
                self.send(place, frame)

    def send(self, place, frame):
        if len(place.outgoing) > BACKLOG_MAX:
            return
        place.outgoing += LENGTH.pack(len(frame)) + frame
        self.flush(place)

    def flush(self, place):
        try:
            while place.outgoing:
                del place.outgoing[:place.sock.send(place.outgoing)]
        except BlockingIOError:
            pass
        except OSError:
            self.replace(place, None)
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if place.outgoing else 0)
        self.selector.modify(place.sock, wanted, place)
