"""`python -m reporting.rebuild`: orders a rebuild, sees it done, and says how far it is.

It builds by itself unless a running service does so already: who holds the lease builds.
"""

import argparse
import asyncio
import sys

from contact_runtime.clock import clock_from_log
from contact_runtime.kafka import KafkaLog
from contact_runtime.lease import lead
from contact_runtime.store import SqlStore, connect
from reporting.builds.building import SOURCE, Builder, builds_in
from reporting.builds.orders import Build, Builds
from reporting.main import BUILDS_LEASE, fold

BATCH = 20_000
"""Nothing else has to be served by this process meanwhile."""

LOOK_S = 1.0


async def run(bootstrap: str, database_url: str) -> Build:
    """Return the rebuild once it is done, or failed."""
    log = KafkaLog(bootstrap)
    store = SqlStore(connect(database_url), source=SOURCE)
    builder = Builder(database_url, log, await clock_from_log(log), fold, batch=BATCH)
    stop = asyncio.Event()
    building = asyncio.create_task(lead(store, BUILDS_LEASE, [builder.run], stop=stop))
    try:
        return await _seen(builds_in(store.engine, log))
    finally:
        stop.set()
        await building
        await builder.close()
        await store.close()


async def _seen(builds: Builds) -> Build:
    build = await builds.rebuild("command line")
    while build.state in ("ordered", "folding"):
        print(f"rebuild {build.build_id}: {build.done} of {build.total} records", flush=True)
        await asyncio.sleep(LOOK_S)
        build = await builds.get(build.build_id)
    return build


def main(arguments: list[str]) -> int:
    """Return the exit code: 0 once the tables are rebuilt."""
    words = argparse.ArgumentParser("reporting.rebuild", description=__doc__)
    words.add_argument("--bootstrap", required=True, help="Kafka's address")
    words.add_argument("--database-url", required=True, help="reporting's database")
    said = words.parse_args(arguments)
    build = asyncio.run(run(said.bootstrap, said.database_url))
    print(f"rebuild {build.build_id}: {build.state}, {build.done} records {build.error or ''}")
    return 0 if build.state == "done" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
