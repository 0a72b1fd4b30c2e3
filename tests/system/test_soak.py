"""A moment of `make soak`."""
import os

from harness import Failed, alone
from soak import soak

SEED = int(os.environ.get("MASIX_SOAK_SEED", "1"))


@alone(seconds=200)
def servers_die_under_a_workload_that_ends_right():
    try:
        soak(0, SEED)
    except Failed as error:
        raise Failed(f"seed {SEED}: {error}") from error
