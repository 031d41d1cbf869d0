"""Alembic's way in."""

from contact_runtime.migrate import run_in_environment

run_in_environment()
