"""What is generated and committed: written again, or checked to be what the code says."""

import subprocess
import sys

GENERATORS = (
    "contact_events.generate",
    "deploy.local.pages",
    "deploy.local.public_holidays",
    "deploy.local.bi_files",
)
"""Modules that write with `python -m NAME`, and with `--check` only tell what differs."""


def main(arguments: list[str]) -> int:
    """Run every generator; return 1 if one of them found something."""
    check = [] if "--write" in arguments else ["--check"]
    codes = [
        subprocess.run([sys.executable, "-m", module, *check], check=False).returncode
        for module in GENERATORS
    ]
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
