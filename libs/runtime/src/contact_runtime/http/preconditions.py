"""What a request demands of the document as it is: `If-Match` and `If-None-Match` (RFC 9110)."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Header

from contact_runtime.http.openapi import documented
from contact_runtime.http.problems import refusal_type

_TAGS: Final = re.compile(r'\s*(?:W/)?"[\x21\x23-\x7e]*"\s*')
_STRONG: Final = re.compile(r'(W/)?"([0-9]{1,18})"')


class EtagMalformed(Exception):
    """This is no entity tag. Send `*`, or the `ETag` of an answer as it was, quotes included."""

    code = "etag-malformed"


class PreconditionMissing(Exception):
    """What exists is changed only by who has seen it. Send `If-Match` with the present `ETag`."""

    code = "precondition-missing"


class RevisionStale(Exception):
    """The document is not as the precondition says. `ETag` and `revision` are the present ones."""

    code = "revision-stale"

    def __init__(self, document_id: str, revision: int) -> None:
        """Keep the present revision; 0 where there is no such document."""
        super().__init__(
            f"{document_id} is at revision {revision}" if revision else f"no {document_id}"
        )
        self.truth = {"revision": revision}
        self.headers = {"ETag": etag(revision)} if revision else None


CONDITIONS: Final[dict[int | str, dict[str, Any]]] = {
    412: documented(refusal_type(RevisionStale, 412), "Not the present revision; `ETag` is"),
    428: documented(refusal_type(PreconditionMissing, 428), "`If-Match` is needed"),
}
"""How a change of a document may be refused, as its route says."""


@dataclass(frozen=True, slots=True)
class Precondition:
    """What must be true of the document; `revisions` is None where nothing was demanded."""

    revisions: frozenset[int] | None = None
    any_revision: bool = False
    absent: bool = False

    @property
    def nothing(self) -> bool:
        """Return whether nothing was demanded."""
        return self.revisions is None and not self.any_revision and not self.absent

    def hold(self, document_id: str, revision: int, *, exists: bool) -> None:
        """Do nothing if the document, now at this revision, may be changed.

        Raises:
            RevisionStale: it is not as demanded.
            PreconditionMissing: it exists, and nothing was demanded.
        """
        if self.absent:
            refused = exists
        elif self.any_revision:
            refused = not exists
        elif self.revisions is not None:
            refused = revision not in self.revisions
        elif exists:
            raise PreconditionMissing(f"{document_id} exists, at revision {revision}")
        else:
            refused = False
        if refused:
            raise RevisionStale(document_id, revision if exists else 0)


def etag(revision: int) -> str:
    """Return the entity tag of a document at this revision."""
    return f'"{revision}"'


def revisions_of(header: str) -> frozenset[int]:
    """Return the revisions that a list of entity tags names; weak ones name none.

    Raises:
        EtagMalformed: it is not a list of entity tags.
    """
    tags = header.split(",")
    if not all(_TAGS.fullmatch(tag) for tag in tags):
        raise EtagMalformed("not a list of entity tags")
    found = (_STRONG.fullmatch(tag.strip()) for tag in tags)
    return frozenset(int(tag[2]) for tag in found if tag and not tag[1])


def _of_headers(
    if_match: Annotated[
        str | None,
        Header(
            alias="If-Match",
            description="the `ETag` of the revision that is to be changed, or `*`; "
            "demanded for a change of what exists",
            examples=['"7"'],
            json_schema_extra={"pattern": r'^(\*|"[0-9]{1,18}"(, ?"[0-9]{1,18}")*)$'},
        ),
    ] = None,
    if_none_match: Annotated[
        str | None,
        Header(
            alias="If-None-Match",
            description="`*`: only if there is no such document yet",
            examples=["*"],
            json_schema_extra={"pattern": r"^\*$"},
        ),
    ] = None,
) -> Precondition:
    if if_none_match is not None and if_none_match.strip() != "*":
        raise EtagMalformed("for a change, If-None-Match is `*` or not there")
    absent = if_none_match is not None
    if if_match is None:
        return Precondition(absent=absent)
    if if_match.strip() == "*":
        return Precondition(any_revision=True, absent=absent)
    return Precondition(revisions=revisions_of(if_match), absent=absent)


Demanded = Annotated[Precondition, Depends(_of_headers)]
