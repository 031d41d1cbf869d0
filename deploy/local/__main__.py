"""`python -m deploy.local`: what `make run` runs once everything is installed."""

import signal
import sys


def run() -> int:
    """Run the whole system; a Ctrl-C while the parts are still being imported just ends it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from deploy.local.run import main
    from deploy.local.system import start_system

    return main(start_system)


if __name__ == "__main__":
    sys.exit(run())
