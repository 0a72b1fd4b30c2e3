"""A double of the machine: process 1 and the console server played by a thread, for tests of Guest."""
import os
import socket
import threading
import time

from frontend import link

READ_HEADER = link.HEADER


class Double:
    """Understands the commands echo WORD, cat, sink (reads nothing), exit N, die N, hang, vanish, lost COMMAND."""

    def __init__(self, **_):
        self.link, self.socket = link.pair()
        self.log_path = os.devnull
        self.unread = b""
        self.ended = False
        self.running = True
        self.most_under_way = 0
        self.thread = threading.Thread(target=self.play, daemon=True)
        self.thread.start()

    # --- What Guest asks of a Machine ---

    def log(self):
        return b"the log\n"

    def complaint(self):
        return "the double stopped" if not self.running else ""

    def last_words(self):
        return ""

    def is_running(self):
        return self.running

    def wait(self, seconds):
        self.thread.join(seconds)
        return not self.running

    def kill(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(5)
        self.link.close()
        self.socket.close()

    # --- The guest's side ---

    def say(self, line):
        self.socket.sendall(link.encode(link.CONTROL, line.encode() + b"\n"))

    def frame(self):
        header = self.exactly(READ_HEADER.size)
        channel, flags, length = READ_HEADER.unpack(header)
        return channel, flags, self.exactly(length)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def take_frame(self):
        """Handles stdin; gives back what came on control."""
        channel, flags, payload = self.frame()
        if channel == link.STDIN:
            if flags & link.ANEW:
                self.credit(len(self.unread))
                self.unread, self.ended = b"", False
            self.unread += payload
            self.most_under_way = max(self.most_under_way, len(self.unread))
            self.ended |= bool(flags & link.END)
        return payload if channel == link.CONTROL else b""

    def credit(self, count):
        if count:
            self.socket.sendall(READ_HEADER.pack(link.CREDIT, 0, 4) + count.to_bytes(4, "little"))

    def play(self):
        try:
            while self.serve():
                pass
            self.say("bye")
        except (EOFError, OSError):
            pass
        self.running = False
        self.socket.shutdown(socket.SHUT_WR)

    def serve(self):
        self.say("ready")
        request = b""
        while not (request.endswith(b"\0\0") or request == b"\0"):
            request += self.take_frame()
        fields = [field.split(b"=", 1) for field in request[:-2].split(b"\0")]
        self.fields = [tuple(field) for field in fields]
        if (b"halt", b"1") in self.fields:
            return False
        status = self.run(*[value.decode() for name, value in fields if name == b"arg"])
        self.say(f"status {status}")
        return (b"session", b"1") in self.fields

    def run(self, command="shell", argument=None):
        if command == "echo":
            self.socket.sendall(link.encode(link.STDOUT, argument.encode()))
            self.socket.sendall(link.encode(link.STDERR, b"err"))
        elif command == "cat":
            while self.unread or not self.ended:
                data, self.unread = self.unread[:3000], self.unread[3000:]
                if data:
                    self.socket.sendall(link.encode(link.STDOUT, data))
                    self.credit(len(data))
                else:
                    self.take_frame()
        elif command == "exit":
            return argument
        elif command == "die":
            return f"signal {argument}"
        elif command == "hang":
            time.sleep(0.5)
        elif command == "vanish":
            raise EOFError
        elif command == "lost":
            self.say(f"error cannot run {argument}: No such file or directory")
            return 127
        return 0
