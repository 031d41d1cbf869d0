"""`python -m agent_state` runs the service, `python -m agent_state migrate` its migrations."""

import sys

from agent_state.main import main
from agent_state.settings import Settings
from contact_runtime.entry import start

sys.exit(start("agent_state", Settings, main))
