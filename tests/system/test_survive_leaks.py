"""What servers hold does not grow with the number of their deaths."""
from harness import case, check, require
from test_fuzz import KINDS, figures, start_servers

SERVERS = ("fs", "unix", "console")
ROUNDS = 3
KILLS = 10  # of each in a round

WORK = """
    seq 2000 | sort | tail -n 1 >/root/x; cp /bin/ls /tmp/y; cmp /bin/ls /tmp/y; head -c 100000 /bin/bash | cat | wc -c
    (exit 3); rm /tmp/y /root/x
"""
UNDER_KILLS = f"""
    for i in $(seq {KILLS}); do for name in {" ".join(SERVERS)}; do ({WORK}) & masix kill $name || echo not killed; wait; done; done
"""


@case(seconds=240)
def a_death_leaves_no_name_and_no_page(guest):
    start_servers(guest)
    check(guest.sh(UNDER_KILLS), stdout="100000\n" * KILLS * len(SERVERS), stderr="")
    seen = [figures(guest)]
    for _ in range(ROUNDS - 1):
        check(guest.sh(UNDER_KILLS), stdout="100000\n" * KILLS * len(SERVERS), stderr="")
        seen.append(figures(guest))
    for name in SERVERS:
        for kind in KINDS:
            values = [ports[name][kind] for ports, _ in seen]
            steps = [after - before for before, after in zip(values, values[1:])]
            require(min(steps) < KILLS, f"{name} holds more names ({kind}) after each death: {values}")
        for what, index in (("virtual", 0), ("resident", 1)):
            values = [memory[name][index] for _, memory in seen]
            steps = [after - before for before, after in zip(values, values[1:])]
            require(min(steps) < 4 * KILLS, f"{name} has more memory ({what}) after each death: {values} KiB")
