"""Unit tests of scripts/frontend: what can be tested without a guest."""
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))))
sys.path.insert(0, os.path.join(TOP, "scripts"))

from frontend import errors, guest, link, machine, share, streams, terminal, tools  # noqa: E402


class Mend(unittest.TestCase):
    STATE = 1024 + 58  # of the superblock; 1: shut down in order

    def image(self, folder):
        image = os.path.join(folder, "image")
        with open(image, "wb") as stream:
            stream.truncate(1 << 20)
        tools.run_tool(["mke2fs", "-q", "-F", image])
        return image

    def patch(self, image, at, data):
        with open(image, "r+b") as stream:
            stream.seek(at)
            stream.write(data)

    def test_an_image_in_use_becomes_clean(self):
        with tempfile.TemporaryDirectory() as folder:
            image = self.image(folder)
            self.patch(image, self.STATE, b"\0\0")
            tools.mend(image)
            with open(image, "rb") as stream:
                stream.seek(self.STATE)
                self.assertEqual(stream.read(2), b"\1\0")

    def test_what_cannot_be_mended_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            image = self.image(folder)
            self.patch(image, 0, b"\xff" * 65536)
            with self.assertRaisesRegex(errors.MasixError, "needs more than e2fsck -p"):
                tools.mend(image)


class Frames(unittest.TestCase):
    def test_frames_survive_any_cut(self):
        stream = (link.encode(link.STDOUT, b"x" * 5000) + link.encode(link.CONTROL, b"ready\n") +
                  link.encode(link.STDERR))
        for step in (1, 3, 4, 5, 4096, 4100, len(stream)):
            decoder = link.Decoder()
            frames = [frame for at in range(0, len(stream), step) for frame in decoder.feed(stream[at:at + step])]
            self.assertEqual(frames, [(link.STDOUT, b"x" * 4096), (link.STDOUT, b"x" * 904),
                                      (link.CONTROL, b"ready\n"), (link.STDERR, b"")])

    def test_malformed_frames_are_refused(self):
        for bad in (b"\x00\0\0\0", b"\x06\0\0\0", b"\x01\1\0\0", b"\x01\0\1\x10", b"\x05\0\3\0"):
            with self.assertRaises(link.ProtocolError):
                list(link.Decoder().feed(bad))

    def test_credit_comes_back(self):
        ours, theirs = link.pair()
        with theirs:
            ours.send(link.STDIN, b"12345")
            self.assertEqual(ours.credit, link.STDIN_CREDIT - 5)
            theirs.sendall(link.HEADER.pack(link.CREDIT, 0, 4) + b"\5\0\0\0")
            self.assertEqual(list(ours.receive()), [])
            self.assertEqual(ours.credit, link.STDIN_CREDIT)
        ours.close()


class Keys(unittest.TestCase):
    def typed(self, *pieces):
        reader, writer = os.pipe()
        keys = terminal.Keys(reader)
        try:
            for piece in pieces:
                os.write(writer, piece)
                yield keys.read(100)
        finally:
            os.close(reader)
            os.close(writer)

    def test_ordinary_keys_pass(self):
        self.assertEqual(list(self.typed(b"ab\x03", b"\x1b[A")), [b"ab\x03", b"\x1b[A"])

    def test_the_escape_may_be_cut(self):
        self.assertEqual(list(self.typed(b"a\x1d", b"\x1db", b"\x1d", b"x")), [b"a", b"\x1db", b"", b"\x1dx"])

    def test_leaving(self):
        with self.assertRaises(terminal.Left):
            list(self.typed(b"a\x1d", b"q"))


class Streams(unittest.TestCase):
    def test_input_from_memory_ends(self):
        source = streams.Input(b"abc")
        self.assertEqual((source.read(2), source.ended, source.read(2), source.ended), (b"ab", False, b"c", False))
        self.assertEqual((source.read(2), source.ended), (b"", True))

    def test_output_to_a_closed_pipe_breaks(self):
        reader, writer = os.pipe()
        os.close(reader)
        output = streams.Output(writer)
        output.write(b"x")
        output.flush_piece()
        os.close(writer)
        self.assertTrue(output.broken)


class Status(unittest.TestCase):
    def test_statuses(self):
        self.assertEqual(guest.parse_status("status 7").exit_status, 7)
        self.assertEqual(guest.parse_status("status signal 9").exit_status, 137)
        with self.assertRaises(guest.MasixError):
            guest.parse_status("status")


class LastWords(unittest.TestCase):
    def test_the_server_that_ended_says_why(self):
        log = ("[    0.2] console: up\n[    0.3] fs: root: no ext2 there\nmasix: fs: session 2: ended\n"
               "masix: fs: ended before it was ready; stopping\nmasix: fs: nothing is loaded; stopping\n")
        self.assertEqual(machine.last_words(log), "fs: root: no ext2 there")

    def test_acs_says_why(self):
        self.assertEqual(machine.last_words("x\nmasix: unix: no such boot module; stopping\ny\n"),
                         "unix: no such boot module")
        self.assertEqual(machine.last_words("start acs: masix: manifests: damaged; stopping\n"), "manifests: damaged")
        self.assertEqual(machine.last_words("masix: no random numbers; stopping\n"), "no random numbers")

    def test_the_kernel_says_why(self):
        self.assertEqual(machine.last_words("a\npanic: out of memory\n"), "panic: out of memory")
        self.assertEqual(machine.last_words("a\nb\n"), "")


class Sharing(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.top = self.folder.name
        self.write("same", b"same")
        self.write("changed", b"old")
        self.write("deleted", b"x")
        self.write("sub/inner", b"inner")
        os.symlink("same", f"{self.top}/link")
        os.chmod(f"{self.top}/same", 0o640)
        self.share = share.Share(self.top)

    def tearDown(self):
        self.share.keep_image = False
        self.share.close()
        self.folder.cleanup()

    def write(self, path, data):
        os.makedirs(os.path.dirname(f"{self.top}/{path}"), exist_ok=True)
        with open(f"{self.top}/{path}", "wb") as stream:
            stream.write(data)

    def read(self, path):
        with open(f"{self.top}/{path}", "rb") as stream:
            return stream.read()

    def in_image(self, *commands):
        """What a guest would do, by debugfs."""
        with tempfile.NamedTemporaryFile("w") as script:
            script.write("\n".join(commands))
            script.flush()
            subprocess.run(["debugfs", "-w", "-f", script.name, self.share.image], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=True)

    def change(self):
        with tempfile.NamedTemporaryFile() as new:
            new.write(b"new")
            new.flush()
            self.in_image(f"rm changed", f"write {new.name} changed", "mkdir made", f"write {new.name} made/file",
                          "rm deleted", "rm sub/inner", "rmdir sub", "set_inode_field same mode 0100600",
                          "symlink second nowhere")

    def test_nothing_changed_touches_nothing(self):
        before = {path: os.lstat(f"{self.top}/{path}").st_ctime_ns for path in ("same", "changed", "link", "sub")}
        self.share.bring_back(True)
        after = {path: os.lstat(f"{self.top}/{path}").st_ctime_ns for path in before}
        self.assertEqual(before, after)

    def test_changes_come_back(self):
        self.change()
        self.share.bring_back(True)
        self.assertEqual(sorted(os.listdir(self.top)), ["changed", "link", "made", "same", "second"])
        self.assertEqual((self.read("changed"), self.read("made/file"), self.read("same")), (b"new", b"new", b"same"))
        self.assertEqual(os.stat(f"{self.top}/same").st_mode & 0o777, 0o600)
        self.assertEqual(os.readlink(f"{self.top}/second"), "nowhere")

    def test_an_unclean_end_deletes_nothing(self):
        self.change()
        self.share.bring_back(False)
        self.assertEqual((self.read("deleted"), self.read("sub/inner"), self.read("changed")),
                         (b"x", b"inner", b"new"))

    def test_what_the_host_changed_meanwhile_is_not_deleted(self):
        self.change()
        self.write("deleted", b"the host's own")
        self.write("sub/other", b"the host's own")
        self.share.bring_back(True)
        self.assertEqual((self.read("deleted"), self.read("sub/other")), (b"the host's own", b"the host's own"))

    def test_a_directory_may_become_a_file_and_back(self):
        with tempfile.NamedTemporaryFile() as new:
            self.in_image("rm sub/inner", "rmdir sub", f"write {new.name} sub", "rm same", "mkdir same",
                          f"write {new.name} same/below")
        self.share.bring_back(True)
        self.assertEqual((self.read("sub"), self.read("same/below")), (b"", b""))

    def test_a_broken_image_changes_nothing(self):
        with open(self.share.image, "r+b") as stream:
            stream.truncate(4096)
        with self.assertRaises(guest.MasixError):
            self.share.bring_back(True)
        self.assertEqual(self.read("deleted"), b"x")
        self.assertTrue(os.path.exists(self.share.image))


if __name__ == "__main__":
    unittest.main()
