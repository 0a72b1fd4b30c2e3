"""Three machines: names of other nodes, and what happens when a node is killed, paused or booted again."""
import json
import os
import signal
import tempfile

from frontend import cluster, tree
from frontend.streams import Collected
from frontend.tools import run_tool
from harness import Steps, case, check, require

NODES = 3
# In a guest: wait until a node is not there, or is.
GONE = "while masix nodes | grep -q '^{} '; do sleep 0.2; done"
THERE = "until masix nodes | grep -q '^{} '; do sleep 0.2; done"


def life_of(guest, node):
    nodes = json.loads(check(guest.run("masix", "nodes", "--json")).stdout)
    return next(entry["since"] for entry in nodes if entry["name"] == node)


@case
def the_nodes_are_listed(guest):
    for number, node in guest.nodes.items():
        nodes = json.loads(check(node.run("masix", "nodes", "--json"), stderr="").stdout)
        require({entry["name"]: entry["state"] for entry in nodes} ==
                {f"n{other}": "here" if other == number else "up" for other in guest.nodes}, f"n{number} lists {nodes}")
    lines = check(guest.run("masix", "nodes")).stdout.decode().splitlines()
    require(lines[0].split() == ["NAME", "STATE", "ADDRESS", "SINCE"] and len(lines) == 4, f"{lines}")
    check(guest.run("masix", "nodes", "--wait", "4", "-d", "1"), status=1, stdout="",
          stderr="masix: nodes: 3 of 4 are there\n")


@case
def a_node_answers(guest):
    result = json.loads(check(guest.run("masix", "ping", "-n", "5", "--json", "n3"), stderr="").stdout)[0]
    require(result["name"] == "n3" and result["count"] == 5 and 0 < result["least_us"] <= result["most_us"], f"{result}")
    check(guest.run("masix", "ping", "n1"))
    check(guest.run("masix", "ping", "n9"), status=1, stdout="", stderr="masix: n9: no such node is there\n")


@case
def links_are_shown_as_they_are_used(guest):
    def links():
        return {link["name"]: link for link in json.loads(check(guest.run("masix", "net", "--json")).stdout)}

    before = links()
    require(set(before) == {"n2", "n3"} and before["n2"]["address"] == "10.77.0.2", f"{before}")
    check(guest.run("masix", "ping", "-n", "10", "n2"))
    after = links()
    require(after["n2"]["frames_sent"] >= before["n2"]["frames_sent"] + 10 and
            after["n2"]["bytes_received"] > before["n2"]["bytes_received"] and after["n2"]["handshakes"] >= 1,
            f"{before}, then {after}")
    check(guest.run("masix", "net"))


@case
def names_of_other_nodes_are_found_by_their_policy(guest):
    check(guest.nodes[2].sh("masix start example; example-store put greeting hello"))
    check(guest.sh("example-store --server example@n2 get greeting"), stdout="hello", stderr="")
    check(guest.nodes[3].sh("example-store --server example@n2 put greeting 'from afar'"), stderr="")
    check(guest.nodes[2].sh("example-store get greeting"), stdout="from afar")
    # Neither here nor for clients there: one answer.
    for name in ("example@n3", "net@n2", "nobody@n2", "example@n9", "example@n1"):
        check(guest.run("example-store", "--server", name, "list"), status=1, stdout="",
              stderr="example-store: no such name\n")
    for name in ("example@", "@n2"):
        check(guest.run("example-store", "--server", name, "list"), status=1, stdout="",
              stderr="example-store: invalid argument\n")
    check(guest.nodes[2].sh("masix stop example"))
    check(guest.run("example-store", "--server", "example@n2", "list"), status=1, stderr="example-store: no such name\n")


@case
def any_node_that_has_the_name_is_found(guest):
    store = "example-store --server 'example@*' "
    check(guest.sh(store + "list"), status=1, stdout="", stderr="example-store: no such name\n")
    check(guest.nodes[3].sh("masix start example"))
    check(guest.sh(store + "where; example-store --server example@n3 where"), stdout="n3\nn3\n", stderr="")
    # Its own node is nearer.
    check(guest.sh("masix start example; " + store + "where; example-store where; masix stop example"), stdout="n1\nn1\n", stderr="")
    check(guest.sh(store + "where"), stdout="n3\n", stderr="")
    check(guest.nodes[3].sh("masix stop example"))


@case
def a_lookup_waits_for_the_server(guest):
    screen = Collected()
    # It is asked for before it is there, and by a client that is told so.
    steps = Steps(screen, (b"asking", lambda: check(guest.nodes[3].sh("masix start example"))))
    result = guest.sh("echo asking; example-store --wait --server example@n3 add visits", stdin=steps, stdout=screen)
    check(result, stdout="asking\n1\n", stderr="")
    check(guest.nodes[3].sh("masix stop example"))


def heard(screen, count):
    """The first lines of `masix watch`, without their times and generations."""
    return [line.split(" ", 1)[1].split(",")[0] for line in bytes(screen.data).decode().splitlines()[:count]]


@case(seconds=120)
def arrivals_of_names_are_told(guest):
    there, screen = guest.nodes[2], Collected()
    steps = Steps(screen, (b"example@n2 went\n", lambda: check(there.sh("masix start example"))),
                  (b"is there, generation", lambda: check(there.sh("masix kill example"))),
                  (b"was replaced", lambda: check(there.sh("masix stop example; masix start example; masix stop example"))))
    check(guest.sh("masix watch -n 6 example@n2", stdin=steps, stdout=screen), stderr="")
    lines = heard(screen, 6)
    # Its heir follows the one that was killed at once.
    require(lines == ["example@n2 went", "example@n2 is there", "example@n2 was replaced", "example@n2 went",
                      "example@n2 is there", "example@n2 went"], f"{lines}")


@case(seconds=180)
def arrivals_at_any_node_are_told(guest):
    screen = Collected()
    check(guest.nodes[3].sh("masix start example"))
    # Who has it is told first; then n2, whose names go with it.
    steps = Steps(screen, (b"example@n3 is there", lambda: check(guest.nodes[2].sh("masix start example"))),
                  (b"example@n2 is there", lambda: guest.nodes[2].guest.machine.kill()),
                  (b"example@n2 went\n", lambda: check(guest.nodes[3].sh("masix stop example"))))
    check(guest.sh("masix watch -n 4 'example@*'", stdin=steps, stdout=screen), stderr="")
    lines = heard(screen, 4)
    guest.reboot(2)
    check(guest.nodes[2].sh("masix nodes --wait 3 >/dev/null"))
    require(lines == ["example@n3 is there", "example@n2 is there", "example@n2 went", "example@n3 went"], f"{lines}")


@case
def arrivals_at_this_node_are_told_too(guest):
    screen = Collected()
    check(guest.sh("masix start example"))
    steps = Steps(screen, (b"example@n1 is there", lambda: check(guest.nodes[2].sh("masix start example"))),
                  (b"example@n2 is there", lambda: check(guest.nodes[2].sh("masix stop example"))))
    check(guest.sh("masix watch -n 3 'example@*'; masix stop example", stdin=steps, stdout=screen), stderr="")
    check(guest.run("masix", "watch", "-n", "1", "example@n9"), stderr="")
    check(guest.run("masix", "watch", "-n", "1", "@n2"), status=1, stderr="masix: @n2: invalid argument\n")


@case(seconds=180)
def a_client_sees_one_error_and_then_the_new_server(guest):
    check(guest.nodes[2].sh("masix start example"))
    screen, add = Collected(), b"add visits\n"

    def reboot():
        guest.reboot(2)
        check(guest.nodes[2].sh("masix start example"))

    def kill():
        guest.nodes[2].guest.machine.kill()

    steps = Steps(screen, (b"", add), (b"1\n", add), (b"2\n", kill), (b"", add), (b"lost\n", reboot), (b"", add),
                  (b"1\n", add), (b"2\n", b""))
    result = guest.sh("example-store --server example@n2 session 2>&1", stdin=steps, stdout=screen)
    check(result, status=1, stdout="1\n2\nexample-store: visits: the node is lost\n1\n2\n")
    check(guest.nodes[2].sh("example-store get visits; masix nodes --wait 3 >/dev/null; masix stop example"), stdout="2")


@case(seconds=180)
def a_client_is_told_that_the_node_is_lost(guest):
    check(guest.nodes[2].sh("masix start example"))
    screen = Collected()
    steps = Steps(screen, (b"watching\n", lambda: guest.nodes[2].guest.machine.kill()), (b"lost\n", lambda: guest.reboot(2)))
    check(guest.sh("example-store --server example@n2 lost", stdin=steps, stdout=screen), stdout="watching\nlost\n", stderr="")
    check(guest.nodes[2].sh("masix nodes --wait 3 >/dev/null"))


@case(seconds=180)
def a_node_that_was_paused_too_long_begins_a_new_life(guest):
    before, other = life_of(guest, "n3"), life_of(guest, "n2")
    process = guest.nodes[3].guest.machine.process
    os.kill(process.pid, signal.SIGSTOP)
    try:
        check(guest.sh(GONE.format("n3")))
        check(guest.nodes[2].sh(GONE.format("n3")))
    finally:
        os.kill(process.pid, signal.SIGCONT)
    check(guest.sh(THERE.format("n3")))
    check(guest.nodes[3].sh("masix nodes --wait 3 && masix ping n1 && masix ping n2"))
    require(life_of(guest, "n3") > before, "n3 is there in the life that was given up")
    require(life_of(guest, "n2") == other, "n2 has begun a new life though it was there")


@case(seconds=120)
def a_short_pause_costs_nothing(guest):
    lives = [life_of(guest, name) for name in ("n2", "n3")]
    check(guest.nodes[2].sh("masix start example"))
    process = guest.nodes[2].guest.machine.process
    screen, add = Collected(), b"add visits\n"
    # A call with a time-out ends by itself.
    os.kill(process.pid, signal.SIGSTOP)
    try:
        check(guest.sh("masix servers >/dev/null; example-store --timeout 300 --server example@n2 session <<<'add visits'"),
              status=1, stdout="", stderr=b"example-store: example@n2: receive timed out\n")
    finally:
        os.kill(process.pid, signal.SIGCONT)
    # n1's own clock tells when n2 has stood still for a while; a call to it is on its way then.
    steps = Steps(screen, (b"1\n", lambda: os.kill(process.pid, signal.SIGSTOP)), (b"", add),
                  (b"over\n", lambda: os.kill(process.pid, signal.SIGCONT)), (b"2\n", add), (b"3\n", b""))
    result = guest.sh("""exec 3<&0; store='example-store --server example@n2'; $store add visits
        (sleep 5; echo over) & $store session <&3; wait""", stdin=steps, stdout=screen)
    check(result, stdout="1\nover\n2\n3\n", stderr="")
    require([life_of(guest, name) for name in ("n2", "n3")] == lives, "somebody has begun a new life")


def as_stranger(guest, folder, secret, keys):
    """n3 is booted with an identity of that secret, certified by the site whose keys are in that folder; who joins it?"""
    image = os.path.join(folder, "gns-n3")
    run_tool([os.path.join(tree.BUILD, "host/masix-sign"), "-k", keys, "node", "n3", secret,
              os.path.join(tree.BUILD, "signed/gns"), image])
    own, guest.cluster.keys = guest.cluster.keys, cluster.Keys.__new__(cluster.Keys)
    guest.cluster.keys.folder = folder
    try:
        guest.reboot(3)
    finally:
        guest.cluster.keys = own
    check(guest.sh(GONE.format("n3")))
    # It has asked n1 and n2, and they answer each other meanwhile.
    check(guest.nodes[3].run("masix", "nodes", "--wait", "2", "-d", "5"), status=1, stdout="",
          stderr="masix: nodes: 1 of 2 are there\n")
    check(guest.nodes[3].run("masix", "ping", "n1"), status=1, stdout="", stderr="masix: n1: no such node is there\n")
    check(guest.sh("masix ping n2 >/dev/null && masix nodes --wait 2 >/dev/null && ! masix nodes | grep n3"), stdout="")


@case(seconds=240)
def strangers_are_refused(guest):
    with tempfile.TemporaryDirectory() as folder:
        secret = os.path.join(folder, "secret")
        with open(secret, "wb") as stream:
            stream.write(bytes(32))
        as_stranger(guest, folder, secret, os.path.join(tree.BUILD, "keys"))
        # One who has learnt the cluster's secret, but is not of the site.
        run_tool([os.path.join(tree.BUILD, "host/masix-sign"), "-k", folder, "site-key"])
        as_stranger(guest, folder, os.path.join(guest.cluster.keys.folder, "secret"), folder)
    guest.reboot(3)
    check(guest.nodes[3].run("masix", "nodes", "--wait", "3", "-d", "60"))
