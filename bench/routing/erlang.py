"""Erlang's closed forms: what a pool of equal agents costs its callers, exactly.

They check the simulation, which in turn says what no formula does. Times are in seconds, `load` is
the traffic offered in erlangs (arrivals a second times mean handle time), `agents` a whole number.

Sources: A. K. Erlang, "Solution of some problems in the theory of probabilities of significance in
automatic telephone exchanges" (1917), for B and C; C. Palm, "Research on telephone traffic carried
by full availability groups" (1957), and O. Garnett, A. Mandelbaum, M. Reiman, "Designing a call
center with impatient customers", M&SOM 4 (2002), for A, the queue M/M/n+M.
"""

from typing import NamedTuple

NEGLIGIBLE = 1e-15


def erlang_b(agents: int, load: float) -> float:
    """Return the share of callers who find every agent busy where nobody may wait."""
    inverse = 1.0
    for busy in range(1, agents + 1):
        inverse = 1.0 + inverse * busy / load
    return 1.0 / inverse


def erlang_c(agents: int, load: float) -> float:
    """Return the share of callers who wait at all; 1 where the load is more than the agents."""
    if load >= agents:
        return 1.0
    blocked = erlang_b(agents, load)
    return blocked / (1.0 - load / agents * (1.0 - blocked))


def mean_wait_s(agents: int, load: float, handle_s: float) -> float:
    """Return the mean wait of all callers, those who did not wait included (ASA).

    Raises:
        ValueError: the load is not below the agents, so the queue grows without end.
    """
    if load >= agents:
        raise ValueError(f"{load} erlangs are too many for {agents} agents")
    return erlang_c(agents, load) * handle_s / (agents - load)


class Impatient(NamedTuple):
    """What Erlang A says: shares of all callers, and their mean wait until answer or leaving."""

    waits: float
    abandons: float
    mean_wait_s: float


def erlang_a(agents: int, load: float, handle_s: float, patience_s: float) -> Impatient:
    """Return shares and mean wait where callers leave the queue after an exponential patience.

    Summed over the states of the birth and death process: with k waiting, callers leave it at
    `agents / handle_s + k / patience_s`.
    """
    arrivals = load / handle_s
    chance = erlang_b(agents, load)  # of "all busy, nobody waits", up to a common factor
    total, waits, waiting, k = 1.0, chance, 0.0, 0
    while chance > NEGLIGIBLE or k == 0:
        k += 1
        chance *= arrivals / (agents / handle_s + k / patience_s)
        total += chance
        waits += chance
        waiting += k * chance
    mean_wait = waiting / total / arrivals
    return Impatient(waits / total, mean_wait / patience_s, mean_wait)
