"""`python -m reporting` runs the service, `python -m reporting migrate` its migrations."""

import sys

from contact_runtime.entry import start
from reporting.main import main
from reporting.settings import Settings

sys.exit(start("reporting", Settings, main))
