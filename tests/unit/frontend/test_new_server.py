"""masix new-server: names, folders and what it makes of the template."""
import os
import pathlib
import shutil
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
TOP = pathlib.Path(os.path.realpath(__file__)).parents[3]
sys.path.insert(0, str(TOP / "scripts"))

from frontend import new_server, tree  # noqa: E402
from frontend.errors import MasixError  # noqa: E402


class NewServer(unittest.TestCase):
    def setUp(self):
        """A tree of its own, with a contract, a server and the template."""
        self.top = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.top)
        self.write("mig/io.defs", "subsystem io 500600;\n")
        self.write("tests/first/first.defs", "subsystem first 602000;\n")
        self.write("tests/first/first.manifest", "name first\n")
        self.write("tests/first/module.mk", "$(eval $(call masix_server,first))\n$(eval $(call masix_program,third-add))\n")
        self.addCleanup(setattr, tree, "TOP", tree.TOP)
        tree.TOP = self.top

    def write(self, path, text):
        path = os.path.join(self.top, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)

    def refuses(self, why, name, folder=None):
        with self.assertRaisesRegex(MasixError, why):
            new_server.new_server(name, folder and os.path.join(self.top, folder))

    def test_a_folder_is_made(self):
        self.assertEqual(new_server.new_server("lamp"), "servers/lamp")
        folder = os.path.join(self.top, "servers/lamp")
        self.assertEqual(sorted(os.listdir(folder)),
                         ["README.md", "client.c", "lamp.defs", "lamp.manifest", "module.mk", "server.c", "test_lamp.py"])
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="utf-8") as stream:
                text = stream.read()
            self.assertNotIn("template", text.lower(), name)
            self.assertNotIn("699800", text, name)

    def test_each_has_message_ids_of_its_own(self):
        new_server.new_server("lamp")
        new_server.new_server("bell")
        self.assertEqual(sorted(new_server.used_ids()), [500600, 602000, 602200, 602400])

    def test_bad_names_are_refused(self):
        for name in ("", "x", "Lamp", "la-mp", "1amp", "la/mp", "la mp", "l" * 25, "läm"):
            self.refuses("is no name for a server", name)
        for name in ("double", "template", "routine"):
            self.refuses("is a word of C", name)

    def test_names_of_others_are_refused(self):
        for name in ("first", "io", "third"):
            self.refuses("exists", name)
        new_server.new_server("lamp")
        self.refuses("exists", "lamp", "servers/other")

    def test_bad_folders_are_refused(self):
        for folder in ("..", ".", "build/lamp", "scripts/lamp", "a/b/c/d", "../lamp"):
            self.refuses("a server's folder lies in", "lamp", folder)
        self.refuses("make cannot work", "lamp", "a b")
        self.refuses("exists$", "lamp", "tests/first")
        self.assertFalse(os.path.exists(os.path.join(self.top, "servers")))

    def test_an_empty_folder_is_used(self):
        os.mkdir(os.path.join(self.top, "lamp"))
        self.assertEqual(new_server.new_server("lamp", os.path.join(self.top, "lamp")), "lamp")


if __name__ == "__main__":
    unittest.main()
