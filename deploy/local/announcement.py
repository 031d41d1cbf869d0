"""What a person needs to know once the system is up."""

import json
import shlex

from contact_runtime.issuer import mint
from deploy.local.plan import Plan
from deploy.local.settings import PROCESSES
from sim.centre import FREE_AGENT, PROJECTS, SITES

SUPERVISORS_HOURS = 24.0


def announcement(plan: Plan) -> str:
    """Return the addresses, a token, and a `curl` that places a call seen on the board."""
    said, keys = plan.settings, plan.state.keys
    supervisor = mint(keys, "supervisor", hours=SUPERVISORS_HOURS)
    integrator = mint(keys, "integrator", hours=SUPERVISORS_HOURS)
    interfaces = [f"    {service:<12} {said.url(service)}/docs" for service in PROCESSES]
    lines = [
        "",
        "Up. Ctrl-C stops everything; the next `make run` goes on from there.",
        "",
        f"  board       {said.url('reporting')}/board#token={supervisor}",
        *([] if said.without_sim else [_desktop(plan)]),
        "  APIs",
        *interfaces,
        f"  Kafka       {said.kafka}",
        f"  PostgreSQL  {said.database_server}",
        f"  logs        {plan.state.logs}",
        f"  token       {supervisor}",
        "              (a supervisor's, 24 h; others: make token ROLE=agent|integrator|client)",
        "",
        "  Place a call and see it on the board:",
        "",
        f"  {place_a_call(said.url('ivr'), integrator)}",
        "",
        "  Watch it survive:  make kill SERVICE=router      Read along:  make tail TOPIC=routed",
        "",
    ]
    return "\n".join(lines)


def _desktop(plan: Plan) -> str:
    """Return the line with a desktop of the agent whom nobody plays."""
    token = mint(plan.state.keys, "agent", agent_id=FREE_AGENT, hours=SUPERVISORS_HOURS)
    return f"  desktop     {plan.settings.url('agent-state')}/desktop/#token={token}"


def place_a_call(ivr: str, token: str) -> str:
    """Return a command line that places a call to the first project's number."""
    call = {"ani": "+74957654321", "dnis": PROJECTS[0].dnis, "entry_site": SITES[0].site_id}
    words = [
        *("curl", "-sS", f"{ivr}/v1/calls"),
        *("-H", f"Authorization: Bearer {token}"),
        *("-H", "Content-Type: application/json", "-H", "Idempotency-Key: first-call"),
        *("-d", json.dumps(call)),
    ]
    return shlex.join(words)
