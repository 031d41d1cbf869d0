"""What adapters raise when trying the same thing again may help."""


class Transient(Exception):
    """The same work may succeed after a pause; nothing was written, save for `CommitUnknown`."""

    code = "try-again"


class CommitUnknown(Transient):
    """The connection was lost within the commit: all of it was written, or nothing."""


class StreamMoved(Transient):
    """Another transaction wrote to a row or stream first; nothing was written."""


class PositionMoved(Transient):
    """Another reader of the same name has moved the positions; nothing was written."""


class LeaseLost(Exception):
    """The lease was not renewed in time or is held by another; the work under it has stopped."""
