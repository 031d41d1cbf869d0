"""The command line of every service: `python -m ivr` runs it, `python -m ivr migrate` migrates."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from contact_runtime.migrate import migrate
from contact_runtime.serve import run
from contact_runtime.settings import ServiceSettings, settings_or_exit

S = TypeVar("S", bound=ServiceSettings)

COULD_NOT, USAGE = 1, 2


def start(
    package: str,
    settings: type[S],
    main: Callable[[S], Coroutine[Any, Any, int]],
    arguments: Sequence[str] | None = None,
) -> int:
    """Return the exit code of the service, or of its migration; 2 for a word that is neither."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words == ["migrate"]:
        return _migrated(package, settings_or_exit(settings).database_url)
    if words:
        print(f"usage: python -m {package} [migrate]", file=sys.stderr)
        return USAGE
    return run(lambda: main(settings_or_exit(settings)))


def _migrated(package: str, url: str) -> int:
    try:
        asyncio.run(migrate(package, url))
    except (OSError, ValueError) as error:
        print(f"{package}: the database cannot be migrated: {error}", file=sys.stderr)
        return COULD_NOT
    return 0
