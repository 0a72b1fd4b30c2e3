"""What the kernel says on the serial line of a task that uses a port name which it does not have: it has dropped a right
twice, or another's."""
import re

LINE = re.compile(r"^task \(*(.*?)\)* (?:deallocating|destroying|decreasing|increasing|looked up) a bogus port .*$", re.MULTILINE)
# The first process's task has this name, and the others theirs from it.
PROCESS = "unix process"


def complaints(log, allowed=()):
    """Those lines of a log but of tasks whose names are `allowed`: those that speak Mach and do as they like."""
    return [match[0] for match in LINE.finditer(log) if match[1] not in allowed]
