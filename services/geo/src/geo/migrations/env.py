"""How alembic runs the migrations: as every service's are run."""

from contact_runtime.migrate import run_in_environment

run_in_environment()
