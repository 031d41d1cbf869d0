"""What administrators said of agents so far becomes the first revision of their documents.

Names are in Russian and English from now on, and the teams that agents are in are documents.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

_NAMES = """
UPDATE states SET state = jsonb_set(
    state::jsonb, '{profile,name}', jsonb_build_object(
        'ru', state::jsonb #> '{profile,name}', 'en', state::jsonb #> '{profile,name}'))::text
WHERE kind = 'agent' AND jsonb_typeof(state::jsonb #> '{profile,name}') = 'string'
"""
_TEAMS = """
INSERT INTO states (kind, key, version, state)
SELECT 'team', team, 1, jsonb_build_object(
    'revision', 1, 'changed_by', 'migration', 'changed_at', '1970-01-01T00:00:00Z',
    'said', jsonb_build_object('name', jsonb_build_object('ru', team, 'en', team)))::text
FROM (SELECT DISTINCT state::jsonb #>> '{profile,team}' AS team FROM states WHERE kind = 'agent')
    AS named
WHERE team IS NOT NULL
"""
_AGENTS = """
INSERT INTO states (kind, key, version, state)
SELECT 'agent_document', key, 1, jsonb_build_object(
    'revision', 1, 'changed_by', 'migration', 'changed_at', '1970-01-01T00:00:00Z',
    'said', state::jsonb -> 'profile')::text
FROM states WHERE kind = 'agent' AND jsonb_typeof(state::jsonb -> 'profile') = 'object'
"""
_HISTORY = """
INSERT INTO states (kind, key, version, state)
SELECT kind || '_revision', key || '/1', 1, state FROM states
WHERE kind IN ('team', 'agent_document')
"""
_BACK = """
UPDATE states SET state = jsonb_set(
    state::jsonb, '{profile,name}', state::jsonb #> '{profile,name,ru}')::text
WHERE kind = 'agent' AND jsonb_typeof(state::jsonb #> '{profile,name}') = 'object'
"""
_KINDS = ("agent_document", "team", "not_ready_reason", "wrap_up_code")


def upgrade() -> None:
    for statement in (_NAMES, _TEAMS, _AGENTS, _HISTORY):
        op.execute(statement)


def downgrade() -> None:
    for kind in _KINDS:
        op.execute(f"DELETE FROM states WHERE kind IN ('{kind}', '{kind}_revision')")
    op.execute(_BACK)
