"""How a job may end other than well, told by its function."""


class JobFailed(Exception):
    """Nothing was done, and trying again can help: it is done again later, each time after a longer pause."""


class JobUnsure(Exception):
    """It may or may not be done: it is begun once more, and never a third time."""


class JobRefused(Exception):
    """It will never be done: it is kept as dead at once. The reason is told in the log, and names nobody."""
