"""The consumer of docs/bi.md, as it stands there, reads a topic of real Kafka."""

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest

from contact_events.calls import CallArrived
from contact_events.envelope import encode, headers_of, key_of
from contact_events.topics import CALL_ARRIVED
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import Entry, TopicPartition
from deploy.local.kafka import LocalKafka
from tests.support.specimens import enveloped

PAGE = Path(__file__).resolve().parents[2] / "docs" / "bi.md"

pytestmark = pytest.mark.kafka


def arrived(call_id: str, dnis: str) -> Entry:
    event = CallArrived(
        call_id=call_id, channel="voice", direction="inbound", dnis=dnis, entry_site_id="moscow"
    )
    envelope = enveloped(event, subject=call_id, stream=call_id)
    return Entry(key_of(envelope), encode(envelope), headers_of(envelope))


async def test_the_documented_consumer_counts_each_call_once(
    empty_kafka: LocalKafka, tmp_path: Path
) -> None:
    log = KafkaLog(empty_kafka.bootstrap)
    await log.ensure_topics([CALL_ARRIVED], 2)
    writer = await log.writer()
    calls = [
        arrived("c1", "+74950001001"),
        arrived("c2", "+74950002002"),
        arrived("c1", "+74950001001"),
    ]
    await writer.append(TopicPartition(CALL_ARRIVED.name, 0), calls)
    await writer.append(TopicPartition(CALL_ARRIVED.name, 1), [arrived("c3", "+74950001001")])
    await writer.close()
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    script = tmp_path / "consumer.py"
    script.write_text(code)
    ran = await asyncio.create_subprocess_exec(
        sys.executable, str(script), empty_kafka.bootstrap, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await asyncio.wait_for(ran.communicate(), 60)
    assert json.loads(said) == {"+74950001001": 2, "+74950002002": 1}


def test_the_documented_consumer_is_about_ten_lines() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 12
