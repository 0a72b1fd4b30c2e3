"""Unit tests of scripts/frontend/guest.py, with a double in place of the machine."""
import os
import sys
import time
import unittest
from unittest import mock

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))))
sys.path[:0] = [os.path.join(TOP, "scripts"), os.path.dirname(os.path.realpath(__file__))]

from double import Double  # noqa: E402
from frontend import guest, streams  # noqa: E402


class Sessions(unittest.TestCase):
    def setUp(self):
        patch = mock.patch.object(guest, "Machine", Double)
        patch.start()
        self.addCleanup(patch.stop)
        self.guest = guest.Guest(deadline=time.monotonic() + 10)
        self.addCleanup(self.guest.close)
        self.guest.boot()

    def test_streams_and_status(self):
        result = self.guest.run(["echo", "hello"])
        self.assertEqual((result.stdout, result.stderr, result.status.exit_status), (b"hello", b"err", 0))
        self.assertEqual(self.guest.run(["exit", "7"]).status.exit_status, 7)
        self.assertEqual(self.guest.run(["die", "9"]).status.exit_status, 137)

    def test_much_input_keeps_to_its_credit(self):
        data = os.urandom(1 << 20)
        self.assertEqual(self.guest.run(["cat"], stdin=data).stdout, data)
        self.assertLessEqual(self.guest.machine.most_under_way, 65536)

    def test_unread_input_is_void(self):
        self.guest.run(["sink"], stdin=b"x" * 200000)
        self.assertEqual(self.guest.run(["cat"], stdin=b"mine").stdout, b"mine")

    def test_input_from_a_descriptor(self):
        reader, writer = os.pipe()
        os.write(writer, b"typed")
        os.close(writer)
        self.assertEqual(self.guest.run(["cat"], stdin=streams.Input(fd=reader)).stdout, b"typed")
        os.close(reader)

    def test_output_to_a_closed_pipe(self):
        reader, writer = os.pipe()
        os.close(reader)
        with self.assertRaises(BrokenPipeError):
            self.guest.run(["cat"], stdin=b"x" * 100000, stdout=streams.Output(writer))
        os.close(writer)

    def test_the_request(self):
        self.guest.run(["echo", "a b"], directory="/tmp", environment={"A": "b=c"}, tty=True)
        self.assertEqual(self.guest.machine.fields, [
            (b"tty", b"1"), (b"session", b"1"), (b"cwd", b"/tmp"), (b"env", b"A=b=c"), (b"arg", b"echo"),
            (b"arg", b"a b")])

    def test_requests_have_a_limit(self):
        with self.assertRaises(guest.MasixError):
            self.guest.run(["x" * 70000])

    def test_a_command_that_cannot_start(self):
        result = self.guest.run(["lost", "thing"])
        self.assertEqual((result.error, result.status.exit_status),
                         ("cannot run thing: No such file or directory", 127))

    def test_a_time_out(self):
        self.guest.deadline = time.monotonic() + 0.1
        with self.assertRaises(guest.TimedOut):
            self.guest.run(["hang"])

    def test_a_machine_that_stops(self):
        with self.assertRaisesRegex(guest.MasixError, "the double stopped"):
            self.guest.run(["vanish"])

    def test_halting(self):
        self.guest.run(["exit", "0"])
        self.assertTrue(self.guest.halt())

    def test_halting_after_the_last_command(self):
        self.guest.run(["exit", "0"], session=False)
        self.assertTrue(self.guest.halt())


if __name__ == "__main__":
    unittest.main()
