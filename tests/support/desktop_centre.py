"""The centre that the desktop's page is tested with: agents, a team, codes, queues.

Agents with an odd number are Anna, the others Boris.
"""

from contact_events.calls import Text
from contact_events.config import QueueChanged
from tests.support.agent_service import AgentService

NAMES = [{"ru": "Борис Ким", "en": "Boris Kim"}, {"ru": "Анна Соколова", "en": "Anna Sokolova"}]
AGENTS = {f"a{number}": NAMES[number % 2] for number in range(1, 13)}
CODES = {
    "complaint": ({"ru": "Жалоба", "en": "Complaint"}, None),
    "refund": ({"ru": "Возврат", "en": "Refund"}, "complaint"),
    "question": ({"ru": "Вопрос", "en": "Question"}, None),
}
TEAM = {"name": {"ru": "Карты", "en": "Cards"}, "breaks_at_once": 1}
TEAM_OF = {"a6": "cards", "a12": "cards"}
LUNCH = {"name": {"ru": "Обед", "en": "Lunch"}, "is_break": True, "longest_stay_s": 1800.0}
POP = {
    "name": {"ru": "Открыть в CRM", "en": "Open in CRM"},
    "url": "https://crm.example/open?case={customer_ref}",
}
QUEUES = {"acme-sales": Text("Продажи", "Sales"), "acme-orders": Text("Заказы", "Orders")}


def _queue(queue_id: str) -> QueueChanged:
    """Return the router's document of a queue."""
    return QueueChanged(
        document_id=f"queue:{queue_id}",
        revision=1,
        changed_by="test",
        queue_id=queue_id,
        name=QUEUES[queue_id],
    )


async def describe(service: AgentService) -> None:
    """Have administrators describe all of it, and the router tell of the queues."""
    await service.documents(*map(_queue, QUEUES))
    async with service.client("administrator") as admin:
        (await admin.put("/v1/teams/cards", json=TEAM)).raise_for_status()
        any_one = {"If-Match": "*"}
        lunch = await admin.put("/v1/not-ready-reasons/lunch", json=LUNCH, headers=any_one)
        lunch.raise_for_status()
        for agent_id, name in AGENTS.items():
            body = {"name": name, "site_id": "moscow", "team": TEAM_OF.get(agent_id)}
            (await admin.put(f"/v1/agents/{agent_id}", json=body)).raise_for_status()
        for code_id, (name, parent_id) in CODES.items():
            code = {"name": name, "parent_id": parent_id}
            (await admin.put(f"/v1/wrap-up-codes/{code_id}", json=code)).raise_for_status()
        (await admin.put("/v1/screen-pops/sales", json=POP)).raise_for_status()
