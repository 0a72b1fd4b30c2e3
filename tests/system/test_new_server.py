"""scripts/masix new-server: what it makes builds, registers and passes its test unchanged."""
import os
import shutil
import subprocess
import tempfile

from harness import TOP, alone, masix, require

# Not needed to build the rest, or made anew.
LEFT_OUT = {os.path.join(TOP, name) for name in (".git", "build/log", "build/root.img", "build/root.list", "build/unit")}


def copy_of_the_tree(folder):
    """With what is built, and the times that tell make so."""
    tree = os.path.join(folder, "masix")
    shutil.copytree(TOP, tree, symlinks=True,
                    ignore=lambda where, names: {name for name in names if os.path.join(where, name) in LEFT_OUT})
    return tree


def run(tree, *command, seconds):
    done = subprocess.run(command, cwd=tree, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=seconds, check=False)
    output = done.stdout.decode(errors="replace")
    require(done.returncode == 0, f"{' '.join(command)}: status {done.returncode}, it printed {output[-3000:]}")
    return output


@alone(seconds=300)
def a_new_server_builds_registers_and_passes_its_test():
    with tempfile.TemporaryDirectory() as folder:
        tree = copy_of_the_tree(folder)
        script = os.path.join(tree, "scripts/masix")
        made = masix("new-server", "lamp", program=script)
        require(made.returncode == 0 and b"servers/lamp/ has the server lamp" in made.stdout, f"{made}")
        # Another one in a folder that is named: they do not get into each other's way.
        made = masix("new-server", "bell", os.path.join(tree, "bell"), program=script)
        require(made.returncode == 0, f"{made}")
        run(tree, "make", "-j2", seconds=240)
        for name in ("lamp", "bell"):
            output = run(tree, "tests/system/run", "test_" + name, seconds=150)
            require(output.endswith("2 passed, 0 failed\n"), f"{name}: {output[-2000:]}")
        again = masix("new-server", "lamp", program=script)
        require(again.returncode == 125 and again.stderr == b"masix: lamp exists: a server, a contract or a program of "
                b"the tree has that name\n", f"{again}")
