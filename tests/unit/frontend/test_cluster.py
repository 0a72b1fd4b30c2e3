"""Unit tests of the cluster's front end: the switch, and what each machine is booted with."""
import contextlib
import os
import select
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))))
sys.path.insert(0, os.path.join(TOP, "scripts"))

from frontend import cli, cluster, switch  # noqa: E402

EVERYBODY = b"\xff" * 6
WAIT_SECONDS = 5


def card(number):
    return bytes([2, 0, 0, 0, 0, number])


def frame(to, sender, text=b""):
    body = to + card(sender) + b"\x08\0" + text
    return switch.LENGTH.pack(len(body)) + body


class Wire(unittest.TestCase):
    def setUp(self):
        self.switch = switch.Switch(4)
        self.addCleanup(self.switch.close)
        self.sockets = {number: self.plug(number) for number in (1, 2, 3)}

    def plug(self, number):
        sock = self.switch.plug(number)
        self.addCleanup(sock.close)
        sock.settimeout(WAIT_SECONDS)
        return sock

    def take(self, number, expected):
        """Exactly these bytes come there."""
        data = b""
        while len(data) < len(expected):
            piece = self.sockets[number].recv(len(expected) - len(data))
            self.assertTrue(piece, "the switch has hung up")
            data += piece
        self.assertEqual(data, expected)

    def nothing(self, number):
        self.assertEqual(select.select([self.sockets[number]], [], [], 0)[0], [])

    def learn(self):
        for number in self.sockets:
            hello = frame(EVERYBODY, number)
            self.sockets[number].sendall(hello)
            for other in self.sockets:
                if other != number:
                    self.take(other, hello)

    def test_a_frame_for_all_goes_to_all_others(self):
        self.learn()
        self.nothing(1)

    def test_a_frame_for_one_goes_to_him(self):
        self.learn()
        private, after = frame(card(2), 1, b"private"), frame(EVERYBODY, 1, b"after")
        self.sockets[1].sendall(private + after)
        self.take(2, private + after)
        self.take(3, after)

    def test_a_frame_may_come_in_pieces(self):
        self.learn()
        whole = frame(card(3), 2, bytes(1000))
        for at in range(0, len(whole), 7):
            self.sockets[2].sendall(whole[at:at + 7])
        self.take(3, whole)

    def test_a_machine_that_comes_back_is_reached(self):
        self.learn()
        self.sockets[2].close()
        self.sockets[2] = self.plug(2)
        again = frame(card(2), 1, b"again")
        self.sockets[1].sendall(again)
        self.take(2, again)

    def test_a_cable_can_be_pulled_out(self):
        self.learn()
        self.switch.set_cut(2, True)
        self.sockets[1].sendall(frame(card(2), 1, b"lost"))
        self.sockets[2].sendall(frame(card(3), 2, b"lost"))
        # What comes after it on the same ways has come when these have.
        self.sockets[1].sendall(frame(card(3), 1, b"one"))
        self.take(3, frame(card(3), 1, b"one"))
        self.nothing(2)
        self.switch.set_cut(2, False)
        self.sockets[1].sendall(frame(card(2), 1, b"two"))
        self.take(2, frame(card(2), 1, b"two"))

    def test_nonsense_is_hung_up_on(self):
        self.learn()
        self.sockets[1].sendall(b"\xff" * 8)
        self.assertEqual(self.sockets[1].recv(1), b"")
        self.sockets[3].sendall(frame(card(2), 3))
        self.take(2, frame(card(2), 3))


class CommandLine(unittest.TestCase):
    def parse(self, *arguments):
        return cli.parse(["cluster", *arguments])

    def test_the_command_is_what_follows(self):
        options = self.parse("--nodes", "4", "exec", "--node", "2", "--", "ls", "-l")
        self.assertEqual((options.nodes, options.node, options.argv), (4, 2, ["ls", "-l"]))
        self.assertEqual(options.mem, cluster.MEMORY)

    def test_what_cannot_be_is_refused(self):
        for wrong in (["exec"], ["--nodes", "1", "run"], ["--nodes", "2", "exec", "--node", "3", "ls"],
                      ["exec", "--node", "0", "ls"], ["nonsense"]):
            with open(os.devnull, "w", encoding="utf-8") as null, contextlib.redirect_stderr(null), \
                    self.assertRaises(SystemExit) as ended:
                self.parse(*wrong)
            self.assertEqual(ended.exception.code, 2, wrong)


class Modules(unittest.TestCase):
    def test_each_machine_has_its_own_key_and_is_told_of_others(self):
        with tempfile.TemporaryDirectory() as folder:
            keys = cluster.Keys(3, folder)
            lines = {line.split()[0]: line.split() for line in cluster.modules(3, 2, keys)}
            images = {open(keys.image(number), "rb").read() for number in (1, 2, 3)}
            self.assertEqual(len(images), 3, "two nodes have one key")
            self.assertEqual([os.stat(os.path.join(folder, name)).st_mode & 0o77 for name in os.listdir(folder)], 4 * [0])
        self.assertEqual(lines[keys.image(2)][1:-1], ["at=10.77.0.2", "seed=10.77.0.1", "seed=10.77.0.3"])
        self.assertIn("address=10.77.0.2/24", lines["signed/net"])
        self.assertIn("gns=${gns-task}", lines["signed/cluster/acs"])
        self.assertNotIn("signed/acs", lines)


if __name__ == "__main__":
    unittest.main()
