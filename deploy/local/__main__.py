"""`python -m deploy.local`: what `make run` runs once everything is installed."""

import sys

from deploy.local.run import main
from deploy.local.system import start_system

if __name__ == "__main__":
    sys.exit(main(start_system))
