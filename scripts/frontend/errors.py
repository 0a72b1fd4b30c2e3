"""What can go wrong, with the exit status of the front end."""


class MasixError(Exception):
    """The system could not be built, booted or used: one clear line."""

    status = 125


class TimedOut(MasixError):
    """The time that the user gave is over."""

    status = 124
