"""The scan that decisions are held against decides as the router does, only slower."""

from bench.decisions.core import Found, Timed, hall, naive


def test_a_scan_without_index_finds_the_router_s_call_and_agent_and_counts_the_same() -> None:
    router = Timed(hall(60, 4))
    offered = 0
    for step in range(300):
        if step % 5 < 3:
            router.comes()
        elif router.talks:
            router.ends()
        chosen = naive(router.state)
        offers = [Found.of(one) for one in router.offers()]
        assert offers == ([chosen] if chosen else [])
        offered += len(offers)
    assert 60 < offered < 180, "calls and agents both had to wait"


def test_a_decision_is_counted_when_it_is_made() -> None:
    router = Timed(hall(8, 4))
    for _ in range(5):
        router.comes()
        router.offers()
    assert router.spent.decisions == len(router.talks) > 0
    assert sum(router.spent.in_all_s) > sum(router.spent.deciding_s) > 0.0
