"""What deploy/bi ships reads, and speaks of exactly the columns that the rows have."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest
import sqlglot
import yaml
from sqlglot import exp

from deploy.local.bi_files import FOLDER, figures, files, main
from reporting.bi import BI_TOPICS, BiTopic

TOPICS = pytest.mark.parametrize("rows", BI_TOPICS, ids=lambda rows: rows.topic.name)


def table_of(rows: BiTopic) -> str:
    return rows.topic.name.removeprefix("bi.").replace("-", "_")


def names(rows: BiTopic) -> list[str]:
    return [column.name for column in rows.columns]


def statements(path: str, dialect: str) -> list[exp.Expr]:
    """Return the statements of a file; one that does not parse, or is not understood, fails."""
    found = sqlglot.parse((FOLDER / path).read_text(), dialect=dialect)
    assert not [each for each in found if isinstance(each, exp.Command)]
    return [each for each in found if each is not None]


def created(path: str, dialect: str) -> dict[str, exp.Create]:
    made = [each for each in statements(path, dialect) if isinstance(each, exp.Create)]
    return {each.find(exp.Table).name: each for each in made}  # type: ignore[union-attr]


def columns_of(table: exp.Create) -> list[str]:
    return [column.name for column in table.this.find_all(exp.ColumnDef)]


def test_the_files_are_what_the_columns_and_the_catalogue_say() -> None:
    shipped = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file()}
    assert shipped == set(files())
    assert main(["--check"]) == 0


@TOPICS
def test_clickhouse_reads_each_topic_into_a_table_that_keeps_the_newest_row(rows: BiTopic) -> None:
    made = created("clickhouse.sql", "clickhouse")
    kept, queue = made[table_of(rows)], made[f"{table_of(rows)}_queue"]
    assert columns_of(kept) == columns_of(queue) == names(rows)
    engine = kept.find(exp.EngineProperty).this  # type: ignore[union-attr]
    assert engine.sql("clickhouse") == "ReplacingMergeTree(row_version)"
    order = kept.find(exp.Order).sql("clickhouse")  # type: ignore[union-attr]
    assert [key for key in rows.keys if key not in order] == []
    settings = queue.sql("clickhouse")
    assert f"kafka_topic_list = '{rows.topic.name}'" in settings
    assert "ENGINE=Kafka" in settings
    view = made[f"{table_of(rows)}_view"]
    assert view.args["kind"] == "VIEW"
    assert view.expression.named_selects == names(rows)


@pytest.mark.parametrize(
    ("path", "dialect"), [("clickhouse.sql", "clickhouse"), ("postgresql_views.sql", "postgres")]
)
def test_views_use_no_column_that_the_rows_do_not_have(path: str, dialect: str) -> None:
    made = created(path, dialect)
    assert "queue_hours" in made
    known = {name for rows in BI_TOPICS for name in names(rows)}
    for view in (each for each in made.values() if each.args["kind"] == "VIEW"):
        own = set(view.expression.named_selects)
        used = {column.name for column in view.expression.find_all(exp.Column)}
        assert used - own <= known


@TOPICS
def test_connect_upserts_by_the_key_and_deletes_by_tombstones(rows: BiTopic) -> None:
    sink = json.loads((FOLDER / "connect" / f"{table_of(rows)}.json").read_text())["config"]
    assert sink["topics"] == rows.topic.name
    assert sink["pk.fields"].split(",") == list(rows.keys)
    assert sink["fields.whitelist"].split(",") == names(rows)
    assert (sink["insert.mode"], sink["pk.mode"], sink["delete.enabled"]) == (
        *("upsert", "record_key"),
        "true",
    )
    for side in ("key", "value"):
        assert sink[f"{side}.converter"].endswith("JsonConverter")
        assert sink[f"{side}.converter.schemas.enable"] == "true"


@TOPICS
def test_supersets_data_sets_have_the_columns_and_the_catalogues_measures(rows: BiTopic) -> None:
    folder = FOLDER / "superset"
    dataset: dict[str, Any] = yaml.safe_load(
        (folder / "datasets" / "polycentre" / f"{table_of(rows)}.yaml").read_text()
    )
    database = yaml.safe_load((folder / "databases" / "polycentre.yaml").read_text())
    assert dataset["database_uuid"] == database["uuid"]
    assert [column["column_name"] for column in dataset["columns"]] == names(rows)
    assert dataset["main_dttm_col"] in names(rows)
    metrics = {metric["metric_name"]: metric["expression"] for metric in dataset["metrics"]}
    assert set(metrics) == {"rows", *(measure.name for measure, _ in figures(rows))}
    for expression in metrics.values():
        used = {
            c.name for c in sqlglot.parse_one(expression, dialect="postgres").find_all(exp.Column)
        }
        assert used <= set(names(rows))


def test_the_notebooks_code_is_python_and_reads_columns_that_there_are() -> None:
    page = json.loads((FOLDER / "notebook.ipynb").read_text())
    assert page["nbformat"] == 4
    known = {name for rows in BI_TOPICS for name in names(rows)}
    for cell in (cell for cell in page["cells"] if cell["cell_type"] == "code"):
        assert cell["outputs"] == []
        tree = compile(
            "".join(cell["source"]),
            cell["id"],
            "exec",
            ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
        )
        read = {
            node.slice.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and node.value.id in ("row", "contact")
            and isinstance(node.slice, ast.Constant)
        }
        assert read <= known


def test_a_file_that_was_changed_by_hand_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([], tmp_path) == 0
    (tmp_path / "clickhouse.sql").write_text("-- mine\n")
    assert main(["--check"], tmp_path) == 1
    assert capsys.readouterr().out == "deploy/bi/clickhouse.sql is stale: make docs\n"
