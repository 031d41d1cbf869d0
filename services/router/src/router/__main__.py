"""`python -m router` runs the service. It has no database, so there is nothing to migrate."""

import sys

from contact_runtime.entry import start
from router.main import main
from router.settings import Settings

sys.exit(start("router", Settings, main))
