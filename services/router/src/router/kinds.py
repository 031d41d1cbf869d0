"""The kinds of documents: what each is called, how it is said, and what must be true of it."""

from dataclasses import dataclass
from typing import Any, Final

from contact_events.config import (
    CalendarChanged,
    Document,
    PolicyChanged,
    QueueChanged,
    SiteChanged,
    SkillChanged,
)
from contact_runtime.http.documents import Fault
from router.dry_runs import DryRunView
from router.faults import faults
from router.orders import Orders, Revision
from router.policies import PolicyBody, PolicyView
from router.queues import QueueBody, QueueView, SkillBody, SkillView
from router.references import Known, Said
from router.sites import CalendarBody, CalendarView, SiteBody, SiteView
from router.views import DocumentBody, DocumentView, moments


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document, in the singular and as its collection is called."""

    name: str
    plural: str
    event: type[Document]
    body: type[DocumentBody]
    view: type[DocumentView]

    @property
    def dry_run(self) -> type[DryRunView[Any]]:
        """Return how a dry run of such a document is shown."""
        view: Any = self.view
        return DryRunView[view]

    def id_of(self, name: str) -> str:
        """Return the document id of the one with this name."""
        return f"{self.name}:{name}"

    def show(self, revision: Revision) -> DocumentView:
        """Return a revision as HTTP shows it."""
        shown = self.body.shown(revision.document)
        return self.view.model_validate({**shown, **moments(revision)})

    def faults(self, name: str, said: Said, orders: Orders) -> list[Fault]:
        """Return all faults of sense of what is said under this name, as things are now."""
        return faults(self.name, name, said, Known(orders.said))


SKILLS: Final = Kind("skill", "skills", SkillChanged, SkillBody, SkillView)
CALENDARS: Final = Kind("calendar", "calendars", CalendarChanged, CalendarBody, CalendarView)
SITES: Final = Kind("site", "sites", SiteChanged, SiteBody, SiteView)
QUEUES: Final = Kind("queue", "queues", QueueChanged, QueueBody, QueueView)
POLICIES: Final = Kind("policy", "policies", PolicyChanged, PolicyBody, PolicyView)

KINDS: Final = (QUEUES, SKILLS, SITES, POLICIES, CALENDARS)
