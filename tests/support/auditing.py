"""The auditor's word on a running system."""

import asyncio
import sys

from contact_runtime.kafka import KafkaLog
from reporting.audit import Audit, look
from reporting.domain.audit.findings import Patience
from tests.support.local_run import Place

AUDIT_LIMIT_S = 240.0


async def audit(place: Place, *more: str) -> tuple[int, str]:
    """Return the auditor's exit code and what it said."""
    where = place.addresses
    auditor = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "reporting.audit"),
        *("--bootstrap", where.kafka, "--database-url", where.database("reporting"), *more),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(auditor.communicate(), AUDIT_LIMIT_S)
    return auditor.returncode or 0, said.decode()


async def assert_sound(place: Place, *more: str) -> str:
    """Fail with the auditor's words unless it finds nothing; return its report."""
    code, said = await audit(place, *more)
    assert code == 0, said
    return said


class Auditing:
    """An audit of a running system that goes on from one look to the next."""

    def __init__(self, place: Place) -> None:
        self._reporting = place.addresses.database("reporting")
        self._audit = Audit(KafkaLog(place.addresses.kafka))

    async def assert_sound(self) -> None:
        """Fail with what is broken in the log so far, or in the tables."""
        report = await self._audit.report(await look(self._reporting), Patience())
        assert not report.findings, "\n".join(report.lines())
