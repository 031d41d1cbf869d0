"""Documents as rows of CSV: what is written is read again, and no cell is a formula."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_state.kinds import AGENTS, CODES_OF_CALLS, REASONS, TEAMS, WRAP_UP_POLICIES, Kind
from agent_state.sheets import (
    DANGEROUS,
    CellWrong,
    armed,
    cells_of,
    disarmed,
    put,
    rows_of,
    written,
)
from agent_state.sheets import SKILLS as MATRIX
from contact_runtime.administration.bodies import DocumentBody

CONTROL = "".join(map(chr, [*range(9), 11, 12, *range(14, 32), 127]))
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=CONTROL), min_size=1, max_size=40
)
LINE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=20)
ID = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,20}", fullmatch=True)
CHANNELS = st.sampled_from(["voice", "chat", "email"])
SECONDS = st.floats(min_value=0, max_value=86_400)
NAME = st.fixed_dictionaries({"ru": TEXT, "en": TEXT})
MAYBE: Any = {
    "agents": {
        "team": ID,
        "pool": ID,
        "skills": st.dictionaries(ID, st.integers(0, 1000), max_size=4),
        "wrap_up_s": SECONDS,
        "telephone": st.booleans(),
        "channels": st.dictionaries(CHANNELS, st.integers(0, 20)),
        "interrupts": st.dictionaries(CHANNELS, st.lists(CHANNELS, max_size=2)),
        "deactivated": st.booleans(),
    },
    "teams": {
        "site_id": ID,
        "breaks_at_once": st.integers(0, 9),
        "break_taken_within_s": SECONDS,
        "sign_out_after_shift": st.booleans(),
        "sign_out_grace_s": SECONDS,
        "rona": st.fixed_dictionaries(
            {},
            optional={
                "returns_after_s": SECONDS,
                "stays_ready": st.booleans(),
                "most_in_a_row": st.integers(1, 9),
            },
        ),
        "supervisors": st.lists(LINE, max_size=3),
        "deactivated": st.booleans(),
    },
    "not-ready-reasons": {
        "paid": st.booleans(),
        "counted_in_occupancy": st.booleans(),
        "longest_stay_s": st.floats(min_value=0.001, max_value=86_400),
        "is_break": st.booleans(),
        "deactivated": st.booleans(),
    },
    "wrap-up-codes": {"parent_id": ID, "deactivated": st.booleans()},
    "wrap-up-policies": {
        "after_s": SECONDS,
        "extend_by_s": st.floats(min_value=0.001, max_value=86_400),
        "extensions": st.integers(1, 100),
        "codes_required": st.booleans(),
        "codes_from": ID,
        "calls_meanwhile": st.booleans(),
        "deactivated": st.booleans(),
    },
}
MODES = st.sampled_from(["none", "optional", "until_done", "timed", "timed_extendable"])
DEMANDED: Any = {"agents": {"name": NAME, "site_id": ID}, "wrap-up-policies": {"mode": MODES}}
KINDS = (AGENTS, TEAMS, REASONS, CODES_OF_CALLS, WRAP_UP_POLICIES)


def bodies(kind: Kind) -> st.SearchStrategy[DocumentBody]:
    demanded = DEMANDED.get(kind.plural, {"name": NAME})
    said = st.fixed_dictionaries(demanded, optional=MAYBE[kind.plural])
    return said.map(kind.body.model_validate)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.plural))
def test_every_field_of_a_document_stands_in_a_column_and_is_tried_here(kind: Kind) -> None:
    assert kind.sheet is not None
    fields = set(kind.body.model_fields)
    assert {column.path[0] for column in kind.sheet.columns} == fields
    assert {*DEMANDED.get(kind.plural, {"name"}), *MAYBE[kind.plural]} == fields


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.plural))
@settings(deadline=None)
@given(data=st.data())
def test_a_document_that_was_written_to_a_file_is_read_as_it_was(
    kind: Kind, data: st.DataObject
) -> None:
    body = data.draw(bodies(kind))
    sheet = kind.sheet
    assert sheet is not None
    fields = kind.body.fields(body.said(None))
    columns = sheet.columns_of([fields])
    text = written([[c.name for c in columns], cells_of(columns, fields)])
    header, cells = rows_of(text)
    found: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=True):
        column = sheet.column(name)
        assert column is not None
        put(found, column, cell)
    assert kind.body.model_validate(found).said(None) == body.said(None)


@settings(deadline=None)
@given(TEXT)
def test_no_cell_is_a_formula_and_each_is_read_as_it_was(cell: str) -> None:
    sent = armed(cell)
    assert sent[0] not in DANGEROUS
    assert disarmed(sent) == cell
    [[raw]] = csv.reader(io.StringIO(written([[cell]])[1:], newline=""))
    assert raw[:1] not in DANGEROUS or raw == ""


@settings(deadline=None)
@given(st.dictionaries(ID, st.integers(0, 1000), max_size=4), st.dictionaries(ID, st.just(1)))
def test_a_row_of_the_matrix_says_the_levels_of_its_columns(
    skills: dict[str, int], others: dict[str, int]
) -> None:
    columns = MATRIX.columns_of([{"skills": skills}, {"skills": others}])
    cells = cells_of(columns, {"skills": skills})
    found: dict[str, Any] = {"skills": {"kept.elsewhere": 7} | others}
    for column, cell in zip(columns, cells, strict=True):
        put(found, column, cell)
    left = {} if "kept.elsewhere" in {**skills, **others} else {"kept.elsewhere": 7}
    assert found["skills"] == {**left, **skills}


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_files_of_any_spreadsheet_are_read(mark: str, delimiter: str) -> None:
    text = mark + f'code_id{delimiter}name_ru\r\nc1{delimiter}"Возврат{delimiter} брак"\n'
    assert rows_of(text) == [["code_id", "name_ru"], ["c1", f"Возврат{delimiter} брак"]]


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("telephone", "yes"),
        ("wrap_up_s", "1_0"),
        ("wrap_up_s", "soon"),
        ("skills", "cards"),
        ("skills", "cards=high"),
        ("skills", "cards=1 cards=2"),
        ("skills", "=1"),
    ],
)
def test_a_cell_that_holds_something_else_is_wrong(name: str, cell: str) -> None:
    assert AGENTS.sheet is not None
    column = AGENTS.sheet.column(name)
    assert column is not None
    with pytest.raises(CellWrong):
        put({}, column, cell)
