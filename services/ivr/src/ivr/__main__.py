"""`python -m ivr` runs the service, `python -m ivr migrate` its migrations."""

import sys

from contact_runtime.entry import start
from ivr.main import main
from ivr.settings import Settings

sys.exit(start("ivr", Settings, main))
