"""Roles and what each allows: the one table of scopes."""

OWN_ONLY = frozenset({"reports:read", "calls:read", "live:read", "billing:read"})

CHOICES = frozenset({"choices:read"})
"""Reading what agents choose from: reasons for NotReady, wrap-up codes."""

SUPERVISOR = (
    CHOICES
    | frozenset(
        {"live:read", "reports:read", "agents:read", "calls:read", "routing:read", "places:read"}
    )
    | {"agents:supervise", "notes:read", "alerts:admin"}
)

AGENT = CHOICES | frozenset({"agents:act", "callers:read"})

AS_AGENTS = frozenset({"agent", "partner"})
"""Roles that speak for one agent, whom their token names."""

WEBHOOKS = frozenset({"webhooks:read", "webhooks:write"})

INTEGRATOR = (
    CHOICES
    | WEBHOOKS
    | frozenset({"calls:write", "calls:read", "agents:act", "live:read", "places:read"})
)

ADMINISTRATOR = (
    frozenset({"agents:admin", "routing:admin", "projects:admin", "billing:admin", "reports:admin"})
    | {"people:admin"}
    | SUPERVISOR
    | AGENT
    | INTEGRATOR
    | OWN_ONLY
)

ROLES: dict[str, frozenset[str]] = {
    "administrator": ADMINISTRATOR,
    "supervisor": SUPERVISOR,
    "agent": AGENT,
    "partner": AGENT,  # an agent of another firm: the same, but callers are masked, says ivr
    "integrator": INTEGRATOR,
    "client": OWN_ONLY,
}
