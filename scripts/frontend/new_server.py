"""masix new-server: a folder with a server of one's own, made from scripts/template."""
import os
import re
import subprocess

from . import tree
from .errors import MasixError

TEMPLATE = os.path.join(tree.TOP, "scripts/template")
TEMPLATE_NAME, TEMPLATE_ID = "template", 699800
FIRST_ID, ID_STEP = 602000, 200
NAME = r"[a-z][a-z0-9_]{1,23}"
# Rooms of their own, in which a folder of a server is not looked for.
CLOSED = {"build", "scripts", "docs", "mig", "libmasix"}
DEEPEST = 3  # folders that the Makefile looks into
KEYWORDS = """auto break case char const continue default do double else enum extern float for goto if inline int long
    register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
    routine simpleroutine subsystem skip type array of out inout""".split()


def tree_files(pattern):
    """The files of the tree, without the build, whose name matches."""
    for folder, folders, files in os.walk(tree.TOP):
        folders[:] = sorted(name for name in folders if not (folder == tree.TOP and name in ("build", ".git")))
        yield from (os.path.join(folder, name) for name in sorted(files) if re.fullmatch(pattern, name))


def read(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def used_ids():
    """All message id bases: those of mig/ and of every contract beside a server."""
    for path in tree_files(r".*\.defs"):
        if not path.startswith(TEMPLATE):
            yield from (int(number) for number in re.findall(r"^subsystem\s+\w+\s+(\d+)", read(path), re.M))


def free_id():
    """The next base: what lies above all that are there and leaves room for replies."""
    highest = max((number for number in used_ids() if number < TEMPLATE_ID), default=0)
    return max(FIRST_ID, (highest // ID_STEP + 1) * ID_STEP)


def built_names():
    """What module.mk files build: one name is one set of variables."""
    for path in tree_files(r"module\.mk"):
        yield from re.findall(r"\$\(call (?:masix_\w+|unit_test|host_tool|mig_\w+_rule),([\w.-]+)", read(path))


def header_folders():
    """Where the compiler would find a header of the same name, or would find ours instead of it."""
    folders = [os.path.join(tree.TOP, "mig")]
    try:
        sysroot = tree.config("SYSROOT")
        folders += [os.path.join(sysroot, "usr/include"), os.path.join(sysroot, "usr/include/i386-linux-gnu")]
        folders.append(subprocess.run(["gcc", "-m32", "-print-file-name=include"], stdout=subprocess.PIPE, check=False,
                                      text=True).stdout.strip())
    except (MasixError, OSError):  # not built yet: what the tree itself has must do
        pass
    return folders


def check_name(name):
    if not re.fullmatch(NAME, name):
        raise MasixError(f"{name!r} is no name for a server: 2 to 24 lower case letters, digits and '_', a letter first")
    if name in KEYWORDS or name == TEMPLATE_NAME:
        raise MasixError(f"{name} is a word of C, of MIG or of the template")
    manifests = {os.path.basename(path).removesuffix(".manifest") for path in tree_files(r".*\.manifest")}
    contracts = {os.path.basename(path).removesuffix(".defs") for path in tree_files(r".*\.defs")}
    if name in manifests | contracts or {name, name + "-add"} & set(built_names()):
        raise MasixError(f"{name} exists: a server, a contract or a program of the tree has that name")
    if any(os.path.exists(os.path.join(folder, name + ending)) for folder in header_folders()
           for ending in (".h", ".defs")):
        raise MasixError(f"{name} is the name of a system header, which the contract's would hide")


def check_folder(folder):
    """The folder relative to the top."""
    relative = os.path.relpath(os.path.realpath(folder), tree.TOP)
    parts = relative.split(os.sep)
    if parts[0] in (os.pardir, os.curdir) or parts[0] in CLOSED or len(parts) > DEEPEST:
        raise MasixError(f"{folder}: a server's folder lies in {tree.TOP}, at most {DEEPEST} levels deep, and not in "
                         + ", ".join(sorted(CLOSED)))
    if not all(re.fullmatch(r"[\w.-]+", part) for part in parts):
        raise MasixError(f"{folder}: make cannot work with such a path")
    if os.path.lexists(folder) and not (os.path.isdir(folder) and not os.listdir(folder)):
        raise MasixError(f"{folder} exists")
    return relative


def fill_in(text, name, number):
    return text.replace(str(TEMPLATE_ID), str(number)).replace("TEMPLATE", name.upper()).replace(TEMPLATE_NAME, name)


def new_server(name, folder=None):
    """Makes the folder; its path relative to the top."""
    check_name(name)
    folder = folder or os.path.join(tree.TOP, "servers", name)
    relative = check_folder(folder)
    number = free_id()
    try:
        os.makedirs(folder, exist_ok=True)
        for source in sorted(os.listdir(TEMPLATE)):
            target = os.path.join(folder, fill_in(source.removesuffix(".in"), name, number))
            with open(target, "x", encoding="utf-8") as stream:
                stream.write(fill_in(read(os.path.join(TEMPLATE, source)), name, number))
    except OSError as error:
        raise MasixError(f"{error.filename}: {error.strerror}") from error
    return relative


def next_steps(name, relative):
    return f"""\
{relative}/ has the server {name}: a contract, a manifest, a program and a test. Now:

  make                                  builds and signs it, and puts it on the root disk
  tests/system/run test_{name}    its test
  scripts/masix exec -- sh -c 'masix start {name}; {name}-add 5'

Then edit {relative}/{name}.defs and server.c; docs/writing-a-server.md says how."""
