"""scripts/check-layers finds what it is for."""
import importlib.machinery
import importlib.util
import os
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
TOP = pathlib.Path(os.path.realpath(__file__)).parents[3]
loader = importlib.machinery.SourceFileLoader("check_layers", str(TOP / "scripts/check-layers"))
layers = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
loader.exec_module(layers)

SERVER = "personalities/unix/server"


class Includes(unittest.TestCase):
    def check(self, name, contracts=frozenset({"file_system", "process"})):
        return layers.check_include(SERVER, TOP / SERVER, name, contracts)

    def test_private_headers_of_others_are_found_however_they_are_named(self):
        for name in ("fs/handle.h", "../../../fs/handle.h", "../emul/files.h"):
            self.assertIn("private header", self.check(name) or "")

    def test_own_and_shared_headers_are_fine(self):
        for name in ("server.h", "../emul/boot.h", "masix/object.h"):
            self.assertIsNone(self.check(name))

    def test_contracts_of_higher_rooms_are_found(self):
        self.assertIsNone(self.check("file_system.h"))
        self.assertIn("client of", self.check("process.h") or "")
