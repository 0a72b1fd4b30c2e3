"""--share DIR: an ext2 image made of a directory, and what the guest changed in it brought back.

The directory is never at risk: only what differs between the image as it was made and the image as the guest
left it is touched, a file is replaced by a rename, and nothing is deleted unless the image came back clean."""
import hashlib
import os
import shutil
import stat
import tempfile

from .errors import MasixError
from .tools import FSCK_MENDED, run_tool

MEBIBYTE = 1 << 20
HEAD_ROOM = 256 * MEBIBYTE
# The directory that mke2fs makes in every image.
LOST_AND_FOUND = "lost+found"


class Entry:
    """What is compared of one file."""

    def __init__(self, path):
        info = os.lstat(path)
        self.kind = stat.S_IFMT(info.st_mode)
        self.mode = stat.S_IMODE(info.st_mode)
        self.content = None
        if self.kind == stat.S_IFREG:
            with open(path, "rb") as stream:
                digest = hashlib.blake2b()
                while piece := stream.read(MEBIBYTE):
                    digest.update(piece)
            self.content = digest.digest()
        elif self.kind == stat.S_IFLNK:
            self.mode = 0
            self.content = os.fsencode(os.readlink(path))
        # To see whether somebody on the host changes it meanwhile.
        self.stamp = (info.st_size, info.st_mtime_ns)

    def same_content(self, other):
        return other is not None and (self.kind, self.content) == (other.kind, other.content)

    def same(self, other):
        return self.same_content(other) and self.mode == other.mode


def scan(top):
    """{relative path: Entry} of the files, directories and symbolic links under `top`. Other kinds stay out:
    the channel back (debugfs) does not carry them."""
    entries = {}

    def visit(folder, prefix):
        with os.scandir(folder) as listing:
            for item in listing:
                path = prefix + item.name
                if path == LOST_AND_FOUND:
                    continue
                entry = Entry(item.path)
                if entry.kind in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
                    entries[path] = entry
                if entry.kind == stat.S_IFDIR:
                    visit(item.path, path + "/")

    visit(top, "")
    return entries


class Share:
    """Use as a context manager: the image is gone afterwards, unless bringing back failed."""

    def __init__(self, directory):
        self.directory = os.path.abspath(directory)
        if not os.path.isdir(self.directory):
            raise MasixError(f"--share: {directory} is not a directory")
        self.folder = tempfile.mkdtemp(prefix="masix-share-")
        self.image = os.path.join(self.folder, "share.img")
        self.keep_image = False
        try:
            self.before = scan(self.directory)
            self.make_image()
        except OSError as error:
            self.close()
            raise MasixError(f"--share: {error.filename}: {error.strerror}") from error
        except MasixError:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if not self.keep_image:
            shutil.rmtree(self.folder, ignore_errors=True)

    def make_image(self):
        size = sum(-(-os.lstat(os.path.join(self.directory, path)).st_size // 4096) * 4096 for path in self.before)
        size += size // 8 + HEAD_ROOM
        with open(self.image, "wb") as stream:
            stream.truncate(-(-size // MEBIBYTE) * MEBIBYTE)
        inodes = 2 * len(self.before) + 16384
        run_tool(["mke2fs", "-q", "-t", "ext2", "-r", "1", "-b", "4096", "-I", "256", "-m", "0", "-L", "host",
                  "-N", str(inodes), "-O", "none,filetype,sparse_super,large_file", "-E", "nodiscard",
                  "-d", self.directory, self.image])

    def bring_back(self, clean):
        """Writes to the directory what the guest changed. `clean`: the guest shut down in order."""
        try:
            run_tool(["e2fsck", "-fp", self.image], good=(0, FSCK_MENDED))
            after_top = os.path.join(self.folder, "after")
            os.mkdir(after_top)
            # Owners cannot be restored without root; debugfs says so and goes on.
            run_tool(["debugfs", "-R", f"rdump / {after_top}", self.image])
            after = scan(after_top)
            self.write_changes(after_top, after)
            if clean:
                self.delete_missing(after)
        except (OSError, MasixError) as error:
            self.keep_image = True
            raise MasixError(f"--share: cannot bring back what changed: {error}; it is in {self.image}") from error

    def write_changes(self, after_top, after):
        # Parents come before what is in them.
        for path in sorted(after):
            entry = after[path]
            if entry.same(self.before.get(path)):
                continue
            target = os.path.join(self.directory, path)
            if entry.kind == stat.S_IFDIR:
                self.write_directory(target, entry)
            elif not entry.same_content(self.before.get(path)):
                self.write_file(os.path.join(after_top, path), target)
            else:
                os.chmod(target, entry.mode)
        # Modes of directories, once nothing more is written into them.
        for path in sorted(after, reverse=True):
            if after[path].kind == stat.S_IFDIR and not after[path].same(self.before.get(path)):
                os.chmod(os.path.join(self.directory, path), after[path].mode)

    def write_directory(self, target, entry):
        if os.path.lexists(target) and not stat.S_ISDIR(os.lstat(target).st_mode):
            os.unlink(target)
        os.makedirs(target, exist_ok=True)
        os.chmod(target, entry.mode | stat.S_IRWXU)

    def write_file(self, source, target):
        if os.path.isdir(target) and not os.path.islink(target):
            self.delete_tree(os.path.relpath(target, self.directory))
        folder, name = os.path.split(target)
        temporary = os.path.join(folder, f".{name[:100]}.masix-{os.getpid()}")
        try:
            shutil.copy2(source, temporary, follow_symlinks=False)
            os.rename(temporary, target)
        finally:
            if os.path.lexists(temporary):
                os.unlink(temporary)

    def delete_tree(self, top):
        """Deletes what was there before under `top`, deepest first."""
        for path in sorted(self.before, reverse=True):
            if path == top or path.startswith(top + "/"):
                self.delete(path)

    def delete_missing(self, after):
        for path in sorted(self.before, reverse=True):
            if path not in after:
                self.delete(path)

    def delete(self, path):
        """Deletes one file or empty directory, unless somebody on the host changed it meanwhile."""
        target = os.path.join(self.directory, path)
        if not os.path.lexists(target):
            return
        info = os.lstat(target)
        if stat.S_ISDIR(info.st_mode):
            try:
                os.rmdir(target)
            except OSError:  # something that the guest never saw is in it
                pass
        elif (info.st_size, info.st_mtime_ns) == self.before[path].stamp:
            os.unlink(target)
