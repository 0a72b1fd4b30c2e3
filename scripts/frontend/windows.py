"""A cluster with a window of tmux for each machine: the switch is here, the machines are the windows'."""
import os
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading

from . import cluster
from .errors import MasixError
from .switch import Switch

HELP = "C-b n next node | C-b R boot it anew | C-b Q end all"


def admit(door, switch):
    """Each window says which place it takes."""
    while True:
        try:
            sock, _ = door.accept()
        except OSError:
            return
        number = sock.recv(1)
        if number and 0 < number[0] < len(switch.places):
            switch.adopt(number[0], sock)
        else:
            sock.close()


def run(nodes, command):
    """`command` with --node and --switch is what a window runs. Returns when tmux has ended."""
    if not shutil.which("tmux"):
        raise MasixError("tmux is not installed; run scripts/setup, or use cluster exec")
    with tempfile.TemporaryDirectory(prefix="masix-") as folder, Switch(nodes + 1) as switch, \
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        path = os.path.join(folder, "switch")
        cluster.Keys(nodes, folder)
        door.bind(path)
        door.listen()
        threading.Thread(target=admit, args=(door, switch), daemon=True).start()
        tmux = ["tmux", "-S", os.path.join(folder, "tmux"), "-f", os.devnull]
        steps = []
        for number in range(1, nodes + 1):
            steps.append("new-window" if steps else "new-session -d")
            line = shlex.join([*command, "--node", str(number), "--switch", path])
            steps[-1] += f" -n {cluster.name_of(number)} {shlex.quote('MASIX_NO_BUILD=1 exec ' + line)}"
        steps += ["set -g remain-on-exit on", f"set -g status-right {shlex.quote(HELP)}",
                  "set -g status-right-length 60", "bind R respawn-window -k", "bind Q kill-server",
                  "select-window -t 0"]
        try:
            for step in steps:
                subprocess.run([*tmux, *shlex.split(step)], check=True, stdout=subprocess.PIPE)
            subprocess.run([*tmux, "attach"], check=False)  # its status only says how it was left
            return 0
        except subprocess.CalledProcessError as error:
            raise MasixError(f"tmux failed ({error.returncode})") from error
        finally:
            subprocess.run([*tmux, "kill-server"], check=False, stderr=subprocess.DEVNULL)
            door.shutdown(socket.SHUT_RDWR)
