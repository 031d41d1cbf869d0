"""Policies over HTTP: how a pool chooses."""

from typing import ClassVar

from pydantic import ConfigDict, Field

from contact_events.config import Document, PolicyChanged, Selection
from contact_runtime.http.bodies import Body, Id
from contact_runtime.http.documents import Words
from router.views import DocumentBody, DocumentView, Seconds


class RaiseBody(Body):
    """Calls that arrived with this attribute go before others: a VIP, by what the flow knows."""

    attribute: Id = Field(description="of the call, as ivr was told", examples=["vip"])
    value: Words = Field(description="exactly this", examples=["gold"])
    by: int = Field(ge=-1000, le=1000, description="added to the priority", examples=[50])


class LostRuleBody(Body):
    """When a site is found lost by rule, and found again."""

    share: float = Field(
        default=0.5, gt=0, le=1, description="of those signed in, lost within `within_s`"
    )
    within_s: float = Field(
        default=5.0, gt=0, le=600, description="seconds in which so many were lost"
    )
    at_least: int = Field(
        default=5, ge=1, le=100_000, description="so many must have been signed in"
    )
    back_after_s: Seconds = Field(
        default=60.0,
        description="found again when the share is back, or after so long without a further loss",
    )


class PolicyBody(DocumentBody):
    """How a pool chooses among free agents and waiting calls; it is named like the pool."""

    event: ClassVar[type[Document]] = PolicyChanged
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "selection": "longest_idle",
                    "fairness_window_s": 10,
                    "ageing_per_s": 0.1,
                    "raises": [{"attribute": "vip", "value": "gold", "by": 50}],
                    "lost": {"share": 0.5, "within_s": 5, "at_least": 5},
                    "unserved_s": 120,
                }
            ]
        }
    )

    selection: Selection = Field(
        default="longest_idle",
        description="among free agents; `least_skilled` keeps the versatile free",
    )
    home_first: bool = Field(
        default=True,
        description="of the free agents a step reaches those at the caller's home go first, "
        "whatever the selection; `false`: the selection alone decides, so that `least_occupied` "
        "makes sites equally busy and callers are answered at home by chance only. A step with "
        "`reach: home`, or one that compares waits, keeps its meaning",
    )
    fairness_window_s: Seconds = Field(
        default=0.0,
        description="a freed agent takes a caller who is at home with them before a stranger who "
        "has waited up to these seconds longer",
    )
    ageing_per_s: float = Field(
        default=0.0, ge=0, le=1000, description="points of priority that a second of waiting adds"
    )
    raises: list[RaiseBody] = Field(
        default=[], max_length=200, description="priority by attributes of the call"
    )
    lost: LostRuleBody | None = Field(
        default=LostRuleBody(), description="null: sites are lost by order only"
    )
    unserved_s: Seconds | None = Field(
        default=None,
        description="how long a call waits for which nobody who could take it is signed in; "
        "null: as long as any",
    )


class PolicyView(PolicyBody, DocumentView):
    """A policy as ordered."""

    policy_id: str
