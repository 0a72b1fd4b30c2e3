"""Calls that were with a server when it died: made again, and told about when that cannot be."""
from harness import case, check


@case
def calls_that_a_server_lost_are_made_again(guest):
    check(guest.run("/usr/lib/masix/trials/loser"), stdout="""\
none lost: right after 1
three lost: right after 4
four lost: Input/output error after 4
twelve sent back: right after 13
a small write: right after 3
a larger write: right after 4
a signal after a loss: Interrupted system call after 0
a right was moved: told after 1
""")
