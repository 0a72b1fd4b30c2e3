"""The command line of scripts/masix."""
import argparse
import os
import signal
import subprocess
import sys
import time

from . import cluster, terminal, tree, windows
from .errors import MasixError
from .guest import HALT_SECONDS, Guest
from .machine import DEFAULT_MEMORY, Display, Network
from .new_server import new_server, next_steps
from .share import Share
from .streams import Input, Output
from .tools import mend

DESCRIPTION = """\
Boots GNU Mach with Masix in QEMU.

  masix run                     an interactive shell on this terminal
  masix exec -- COMMAND ARG...  runs one command in a throw-away copy of the root image
  masix ps | servers            the processes or the servers of a fresh system
  masix log                     the system log of the last boot
  masix cluster --nodes N ...   machines that know each other: run (in tmux), exec --node K -- COMMAND ARG...
  masix new-server NAME [DIR]   a folder with a new server, which builds, registers and passes its test
  masix sign COMMAND ARG...     checks and signs manifests with the keys of this tree; without COMMAND: what there is

exec passes stdin, stdout and stderr through and exits with COMMAND's status: 128 + N if signal N killed
it, 124 if the time was over, 125 if the system could not boot or was lost, 126 or 127 if COMMAND could not be
executed or found. In a run session """ + terminal.ESCAPE_HELP + """.

Environment: MASIX_ACCEL=tcg|kvm   instead of trying whether KVM works
             MASIX_BOOT_SECONDS=N  how long a boot may take (default 120)
             MASIX_NO_BUILD=1      do not bring the build up to date first
"""


def forward(text):
    """The value of --forward, as Network wants it."""
    ports, _, protocol = text.partition("/")
    here, _, there = ports.partition(":")
    if not (here.isdecimal() and there.isdecimal() and protocol in ("", "tcp", "udp")) or \
            not (0 < int(here) < 65536 and 0 < int(there) < 65536):
        raise argparse.ArgumentTypeError(f"{text}: not HOST:GUEST or HOST:GUEST/udp, two ports")
    return (protocol or "tcp", int(here), int(there))


def add_cluster(commands):
    parser = commands.add_parser("cluster", help="machines joined by a network",
                                 description=f"Boots machines called {cluster.name_of(1)}, {cluster.name_of(2)}, ... "
                                             "that know each other: NAME@NODE is the server NAME of NODE.")
    parser.add_argument("--nodes", type=int, default=3, metavar="N", help="how many machines (default %(default)s)")
    parser.add_argument("--mem", type=int, default=cluster.MEMORY, metavar="MB",
                        help="memory of each machine (default %(default)s)")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("run", help="an interactive session on each machine, in windows of tmux")
    execute = actions.add_parser("exec", help="run one command, once all know each other")
    execute.add_argument("--node", type=int, default=1, metavar="K", help="on which machine (default %(default)s)")
    execute.add_argument("--share", metavar="DIR", help="DIR is /host in that machine; what changes there comes back")
    console = actions.add_parser("console")  # what a window of tmux runs
    console.add_argument("--node", type=int, required=True)
    console.add_argument("--switch", required=True)
    for action in (execute, console):
        action.add_argument("--env", action="append", default=[], metavar="NAME=VALUE", help="set a variable")
        action.add_argument("--cwd", metavar="PATH", help="working directory in the guest (default /root)")
    execute.add_argument("--timeout", type=float, metavar="S", help="give up after S seconds, boot included")
    execute.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND [ARG...]")
    return execute


def check_cluster(parser, options):
    if not 2 <= options.nodes <= cluster.NODES_MAX:
        parser.error(f"--nodes {options.nodes}: a cluster has 2 to {cluster.NODES_MAX} machines")
    if not 1 <= getattr(options, "node", 1) <= options.nodes:
        parser.error(f"--node {options.node}: there are {options.nodes}")


def parse(arguments):
    parser = argparse.ArgumentParser(prog="masix", description=DESCRIPTION,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--mem", type=int, default=DEFAULT_MEMORY, metavar="MB",
                        help="memory of the machine (default %(default)s)")
    common.add_argument("--share", metavar="DIR", help="DIR is /host in the guest; what changes there comes back")
    common.add_argument("--keep", action="store_true", help="changes to the root image stay (until it is rebuilt)")
    common.add_argument("--env", action="append", default=[], metavar="NAME=VALUE", help="set a variable")
    common.add_argument("--cwd", metavar="PATH", help="working directory in the guest (default /root)")
    common.add_argument("--display", action="store_true", help="with a screen (VGA), for DOS programs: dos -s PROGRAM")
    network = common.add_mutually_exclusive_group()
    network.add_argument("--no-net", action="store_true", help="no network card")
    network.add_argument("--forward", action="append", default=[], type=forward, metavar="HOST:GUEST[/udp]",
                         help="what connects to port HOST of 127.0.0.1 comes to port GUEST of the guest")
    commands.add_parser("run", parents=[common], help="an interactive session")
    execute = commands.add_parser("exec", parents=[common], help="run one command")
    execute.add_argument("--timeout", type=float, metavar="S", help="give up after S seconds, boot included")
    execute.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND [ARG...]")
    for name, text in (("ps", "list processes"), ("servers", "list servers")):
        commands.add_parser(name, parents=[common], help=text)
    commands.add_parser("log", help="print the system log of the last boot")
    new = commands.add_parser("new-server", help="make a server of one's own from the template")
    new.add_argument("name", metavar="NAME", help="its name: lower case letters, digits and '_'")
    new.add_argument("folder", nargs="?", metavar="DIR", help="where (default servers/NAME)")
    commands.add_parser("sign", help="check and sign manifests")
    cluster_execute = add_cluster(commands)
    if arguments[:1] == ["sign"]:  # the rest is its own
        return argparse.Namespace(command="sign", words=arguments[1:])
    options = parser.parse_args(arguments)
    if options.command == "cluster":
        check_cluster(parser, options)
    if hasattr(options, "argv"):
        if options.argv[:1] == ["--"]:
            del options.argv[0]
        if not options.argv:
            (execute if options.command == "exec" else cluster_execute).error("no COMMAND")
    for variable in getattr(options, "env", []):
        if variable.find("=") < 1:
            parser.error(f"--env {variable}: not NAME=VALUE")
    return options


def say(text):
    print(f"masix: {text}", file=sys.stderr)


def dump_log(machine):
    sys.stderr.flush()
    log = machine.log()
    sys.stderr.buffer.write(log if log.endswith(b"\n") else log + b"\n")
    sys.stderr.buffer.flush()


# How long the user waits for an orderly end after a time-out or an interrupt.
HALT_SECONDS_LATE = 10


class Session:
    """One guest for one command of the user, with its shared directory. `make_guest` is given the path of its image, or
    None."""

    def __init__(self, options, make_guest):
        self.keep = getattr(options, "keep", False)
        share = getattr(options, "share", None)
        self.share = Share(share) if share else None
        try:
            if self.keep:
                mend(tree.ROOT_IMAGE)
            self.guest = make_guest(self.share.image if self.share else None)
        except BaseException:
            if self.share:
                self.share.close()
            raise
        self.options = options

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        # A throw-away copy needs no shut-down.
        lasting = self.guest.booted and (self.share or self.keep)
        try:
            clean = lasting and self.guest.halt(HALT_SECONDS if kind is None else HALT_SECONDS_LATE)
            if lasting and not clean:
                say("the system did not shut down in order")
            self.guest.close()
            if self.share and self.guest.booted:
                self.share.bring_back(clean)
        finally:
            self.guest.close()
            if self.share:
                self.share.close()

    def run(self, arguments, **how):
        variables = dict(variable.split("=", 1) for variable in self.options.env)
        variables.update(how.pop("environment", {}))
        result = self.guest.run(arguments, directory=self.options.cwd, environment=variables, session=False,
                                stdout=Output(1), stderr=Output(2), **how)
        if result.error:
            say(result.error)
        return result.status.exit_status


def deadline_of(options):
    seconds = getattr(options, "timeout", None)
    return time.monotonic() + seconds if seconds is not None else None


def single(options):
    """The session of one machine."""
    tree.make()
    deadline = deadline_of(options)

    def make_guest(share_image):
        return Guest(deadline=deadline, memory=options.mem, keep=options.keep, share_image=share_image,
                     network=None if options.no_net else Network(options.forward),
                     display=Display() if options.display else None)

    return Session(options, make_guest)


def command_exec(options):
    with single(options) as session:
        try:
            session.guest.boot()
            return session.run(options.argv, stdin=Input(fd=0))
        except MasixError:
            dump_log(session.guest.machine)
            raise


def cluster_exec(options):
    tree.make()
    with cluster.Cluster(options.nodes, options.mem, deadline_of(options)) as machines:
        def make_guest(share_image):
            machines.start(options.node, share_image=share_image)
            return machines.guests[options.node]

        with Session(options, make_guest) as session:
            try:
                machines.come_up()
                return session.run(options.argv, stdin=Input(fd=0))
            except MasixError:
                dump_log(session.guest.machine)
                raise


def cluster_console(options):
    sock = cluster.connect(options.switch, options.node)
    keys = cluster.Keys(options.nodes, os.path.dirname(options.switch))

    def make_guest(share_image):
        return cluster.make_guest(options.nodes, options.node, sock, keys, memory=options.mem,
                                  share_image=share_image)

    return interact(Session(options, make_guest))


def command_cluster(options):
    if options.action == "exec":
        return cluster_exec(options)
    need_terminal("cluster run")
    if options.action == "console":
        return cluster_console(options)
    tree.make()
    command = [sys.executable, os.path.join(tree.TOP, "scripts/masix"), "cluster", "--nodes", str(options.nodes),
               "--mem", str(options.mem), "console"]
    return windows.run(options.nodes, command)


class BootLines:
    """Shows the serial line's new text each time it is called."""

    def __init__(self, machine):
        self.machine = machine
        self.shown = 0

    def __call__(self):
        log = self.machine.log()
        sys.stdout.buffer.write(log[self.shown:])
        sys.stdout.buffer.flush()
        self.shown = len(log)


def need_terminal(what):
    if not (os.isatty(0) and os.isatty(1)):
        raise MasixError(f"{what} needs a terminal; use exec to run a command without one")


def command_run(options):
    need_terminal("run")
    session = single(options)
    if options.display and session.guest.machine.display.socket:
        say(f"the screen is at {session.guest.machine.display.socket} (VNC)")
    return interact(session)


def interact(new_session):
    with new_session as session:
        session.guest.boot(on_wait=BootLines(session.guest.machine))
        print(f"masix: {terminal.ESCAPE_HELP}", flush=True)
        environment = {"TERM": os.environ.get("TERM", "linux")}
        with terminal.Terminal(0) as screen:
            extra = (screen.resized, lambda: session.guest.link.send_window(*screen.take_resize()))
            try:
                return session.run([], stdin=terminal.Keys(0), tty=True, environment=environment,
                                   window=terminal.size(0), extra=extra)
            except terminal.Left:
                pass
        print()
    return 0


def command_listing(options):
    argv = {"ps": ["ps", "-ef"], "servers": ["masix", "servers"]}[options.command]
    with single(options) as session:
        session.guest.boot()
        return session.run(argv)


def command_log(_options):
    with open(tree.latest_log(), "rb") as stream:
        sys.stdout.buffer.write(stream.read().replace(b"\r", b""))
    return 0


def command_new_server(options):
    print(next_steps(options.name, new_server(options.name, options.folder)))
    return 0


def command_sign(options):
    """The tool reads and writes files of the caller's directory; keys and interfaces are the tree's."""
    tool = os.path.join(tree.BUILD, "host/masix-sign")
    tree.make(tool)
    words = [{"--help": "-h"}.get(word, word) for word in options.words]
    return subprocess.run([tool, "-k", os.path.join(tree.BUILD, "keys"), "-s", os.path.join(tree.TOP, "mig/subsystems"), *words],
                          check=False).returncode


COMMANDS = {"run": command_run, "exec": command_exec, "ps": command_listing, "servers": command_listing, "cluster": command_cluster,
            "log": command_log, "new-server": command_new_server, "sign": command_sign}


def main(arguments):
    options = parse(arguments)
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda number, _: sys.exit(128 + number))
    try:
        return COMMANDS[options.command](options)
    except MasixError as error:
        say(error)
        return error.status
    except BrokenPipeError:
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
