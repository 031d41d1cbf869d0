"""`python -m geo` runs the service, `python -m geo migrate` its migrations."""

import sys

from contact_runtime.entry import start
from geo.main import main
from geo.settings import Settings

sys.exit(start("geo", Settings, main))
