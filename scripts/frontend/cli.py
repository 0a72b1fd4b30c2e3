"""The command line of scripts/masix."""
import argparse
import os
import signal
import sys
import time

from . import terminal, tree
from .errors import MasixError
from .guest import HALT_SECONDS, Guest
from .machine import DEFAULT_MEMORY, Network
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
  masix new-server NAME [DIR]   a folder with a new server, which builds, registers and passes its test

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
    options = parser.parse_args(arguments)
    if options.command == "exec":
        if options.argv[:1] == ["--"]:
            del options.argv[0]
        if not options.argv:
            execute.error("no COMMAND")
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
    """One guest for one command of the user, with its shared directory."""

    def __init__(self, options, seconds=None):
        tree.make()
        deadline = time.monotonic() + seconds if seconds is not None else None
        self.share = Share(options.share) if options.share else None
        try:
            if options.keep:
                mend(tree.ROOT_IMAGE)
            self.guest = Guest(deadline=deadline, memory=options.mem, keep=options.keep,
                               network=None if options.no_net else Network(options.forward),
                               share_image=self.share.image if self.share else None)
        except BaseException:
            if self.share:
                self.share.close()
            raise
        self.options = options

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        # A throw-away copy needs no shut-down.
        lasting = self.guest.booted and (self.share or self.options.keep)
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


def command_exec(options):
    with Session(options, options.timeout) as session:
        try:
            session.guest.boot()
            return session.run(options.argv, stdin=Input(fd=0))
        except MasixError:
            dump_log(session.guest.machine)
            raise


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


def command_run(options):
    if not (os.isatty(0) and os.isatty(1)):
        raise MasixError("run needs a terminal; use exec to run a command without one")
    with Session(options) as session:
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
    with Session(options) as session:
        session.guest.boot()
        return session.run(argv)


def command_log(_options):
    with open(tree.latest_log(), "rb") as stream:
        sys.stdout.buffer.write(stream.read().replace(b"\r", b""))
    return 0


def command_new_server(options):
    print(next_steps(options.name, new_server(options.name, options.folder)))
    return 0


COMMANDS = {"run": command_run, "exec": command_exec, "ps": command_listing, "servers": command_listing,
            "log": command_log, "new-server": command_new_server}


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
