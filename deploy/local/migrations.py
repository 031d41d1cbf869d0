"""All databases brought to their newest tables by one process: four would load alembic four times.

DATABASES holds {package: URL}; it is not an argument, since a URL may hold a password.
"""

import asyncio
import json
import os

from contact_runtime.migrate import migrate

DATABASES = "DATABASES"


async def migrate_all(databases: dict[str, str]) -> None:
    """Migrate one database after the other, each made if it is not there."""
    for package, url in databases.items():
        await migrate(package, url)
        print(f"{package}: migrated", flush=True)


if __name__ == "__main__":
    asyncio.run(migrate_all(json.loads(os.environ[DATABASES])))
