"""Whether a follower may claim: pure, told what was heard and for how long nothing was.

A crash is taken over only by code that decides as the leader's did. From a leader who said that it
leaves, any code may take over, the same code first: so a new release comes to lead.
"""

from typing import Final

from router.replica import Replica

YIELD_S: Final = 0.5
"""Machine seconds that other code leaves to the same code after a leader left."""


class Candidacy:
    """The right of one replica to claim."""

    def __init__(self, replica: Replica, foreign_wait_s: float) -> None:
        """Stand for `replica`; other code than the leader's waits so many machine seconds.

        That a pool is led by other code is better than that nobody leads it for long.
        """
        self._replica = replica
        self._foreign_wait_s = foreign_wait_s

    @property
    def refusal(self) -> str | None:
        """Return why this replica would not take over from the leader now, if it were silent."""
        replica = self._replica
        if replica.leader is not None or not self._foreign:
            return None
        return (
            f"code version {replica.code_version} may decide otherwise than the leader's, "
            f"{replica.leader_version}: it takes over when that leader leaves, or after "
            f"{self._foreign_wait_s:g} s without any"
        )

    def may_claim(self, *, silent: bool, silent_s: float) -> bool:
        """Tell whether to claim, after so long a silence; `silent`: long enough to judge by."""
        replica = self._replica
        if replica.leadership.epoch == 0 and not replica.claiming:
            return True
        if replica.left and not replica.claiming:
            return not self._foreign or silent_s >= YIELD_S
        return silent and (not self._foreign or silent_s >= self._foreign_wait_s)

    @property
    def _foreign(self) -> bool:
        return self._replica.leader_version not in ("", self._replica.code_version)
