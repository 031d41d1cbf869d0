"""The six rules by which one replica leads (DESIGN 5), each left out in production code."""

from tests.support.protocol_patching import Mutant, mutant

LEADING: tuple[Mutant, ...] = (
    mutant(
        1,
        "first_claim_wins",
        (
            "contact_events.validity",
            "if epoch > leadership.epoch:",
            "if epoch >= leadership.epoch:",
        ),
    ),
    mutant(
        1,
        "an_owner_for_each_attempt",
        ("router.replica", 'owner = f"{self.name}.{self._claimed}"', "owner = self.pool"),
    ),
    mutant(
        2,
        "only_the_current_pair_decides",
        (
            "contact_events.validity",
            "current = (epoch, owner) == (leadership.epoch, leadership.owner)",
            "current = epoch == leadership.epoch",
        ),
    ),
    mutant(
        2,
        "a_zombie_is_void",
        (
            "contact_events.validity",
            "current = (epoch, owner) == (leadership.epoch, leadership.owner)",
            "current = True",
        ),
        (
            "contact_events.validity",
            "if current and number > leadership.number:",
            "if current:",
        ),
    ),
    mutant(
        3,
        "compare_and_swap",
        (
            "router.replica",
            "if self.leader is not None or self.leadership.epoch != judged:",
            "judged = self.leadership.epoch\n        if self.leader is not None:",
        ),
    ),
    mutant(
        4,
        "leads_after_its_own_claim",
        (
            "router.replica",
            "        self._claims.add((judged + 1, owner))\n",
            """        self._claims.add((judged + 1, owner))
        self.leader = Leader(Indexes(self.follower.copy()))
        self.leader.state.lead(Leadership(judged + 1, owner))
        for waiting in self._inputs.values():
            for fact in waiting:
                self.leader.fold(fact)
""",
        ),
    ),
    mutant(
        4,
        "every_valid_decision_first",
        (
            "router.replica",
            "        if fact.topic == ROUTED.name:\n            self._routed.append(fact)\n",
            """        if fact.topic == ROUTED.name:
            event = fact.envelope.data if fact.envelope else None
            if isinstance(event, RouterEpochStarted):
                self._follow(fact)
            else:
                self._routed.append(fact)
""",
        ),
    ),
    mutant(
        5,
        "thrown_away_on_stepping_down",
        (
            "router.replica",
            "        leader = Leader(self._standby or Indexes(self.follower, look=False))\n",
            """        kept = vars(self).get("kept") or Indexes(self.follower, look=False)
        kept.state.lead(self.leadership)
        leader = Leader(kept)
""",
        ),
        (
            "router.replica",
            "        self.leader = None\n        return self.leadership.epoch\n",
            """        if self.leader is not None:
            vars(self)["kept"] = self.leader.indexes
        self.leader = None
        return self.leadership.epoch
""",
        ),
    ),
    mutant(
        5,
        "exactly_these_inputs",
        (
            "router.replica",
            "            while waiting and waiting[0].offset < end:\n",
            "            while waiting and end >= 0:\n",
        ),
    ),
    mutant(
        5,
        "inputs_before_the_decision",
        (
            "router.replica",
            "return all(self.read_to[topic] >= positions.get(topic, 0) for topic in INPUTS)",
            "return bool(INPUTS)",
        ),
    ),
    mutant(
        5,
        "positions_named",
        (
            "router.domain.decide",
            "        self.positions = dict(self.state.positions)\n",
            "        self.positions = {t: n + 1 for t, n in self.state.positions.items()}\n",
        ),
    ),
    mutant(
        6,
        "one_batch_at_a_time",
        (
            "router.replica",
            "        if self.leader is None or self.leader.in_flight is not None:\n",
            "        if self.leader is None:\n",
        ),
        (
            "router.leader",
            "if self.in_flight is not None:\n            return None\n        at = self.due()",
            "at = self.due()",
        ),
    ),
    mutant(
        6,
        "a_sign_of_life",
        ("router.leader", "        if not decisions and alive:\n", "        if False:\n"),
    ),
)
