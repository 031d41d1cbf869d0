"""What deploy/bi ships, from the columns of the rows and the catalogue; `--check` only compares.

Nothing in these files is written twice: a column that is new, or a formula, is in all of them.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import yaml
from sqlalchemy import BigInteger, Column, DateTime, Text

from deploy.local.bi_notebook import notebook
from deploy.local.state import REPOSITORY
from reporting.bi import BI_TOPICS, BiTopic
from reporting.domain.measures.catalogue import MEASURES
from reporting.domain.measures.definition import STANDARD
from reporting.domain.measures.formula import Formula
from reporting.domain.measures.measure import Measure
from reporting.tables import VERSION

FOLDER: Final = REPOSITORY / "deploy" / "bi"
WRITTEN: Final = "Written by `make docs` (deploy/local/bi_files.py) from the columns of the rows."
BROKERS: Final = "kafka:9092"
CLICKHOUSE: Final = {Text: "String", BigInteger: "Int64", DateTime: "DateTime64(3, 'UTC')"}
SUPERSET: Final = {Text: "TEXT", BigInteger: "BIGINT", DateTime: "TIMESTAMP"}
DIVISORS: Final = {"as_is": "", "seconds": " / 1000.0", "hours": " / 3600000.0"}


def files() -> dict[str, str]:
    """Return the path and the text of each file."""
    return {
        "clickhouse.sql": f"-- {WRITTEN}\n\n" + "\n\n".join(_clickhouse()) + "\n",
        "postgresql_views.sql": f"-- {WRITTEN}\n\n" + "\n\n".join(_views()) + "\n",
        "notebook.ipynb": _json(notebook()),
        **{f"connect/{_table(rows)}.json": _json(_sink(rows)) for rows in BI_TOPICS},
        "superset/metadata.yaml": _yaml({"version": "1.0.0", "type": "SqlaTable"}),
        "superset/databases/polycentre.yaml": _yaml(_database()),
        **{
            f"superset/datasets/polycentre/{_table(rows)}.yaml": _yaml(_dataset(rows))
            for rows in BI_TOPICS
        },
    }


def _table(rows: BiTopic) -> str:
    """Return what a topic's table is called outside: bi.queue-intervals is queue_intervals."""
    return rows.topic.name.removeprefix("bi.").replace("-", "_")


def _kind(column: Column[Any], kinds: dict[Any, str]) -> str:
    return next(said for kind, said in kinds.items() if isinstance(column.type, kind))


def figures(rows: BiTopic, source: str = "") -> Iterator[tuple[Measure, str]]:
    """Yield each measure that these rows have all sums of, with its SQL over a group of them.

    Where a measure is called as a column, `source.` tells the column apart in its formula.
    """
    names = {column.name for column in rows.columns if not column.primary_key}
    if "offered" not in names:
        return
    for measure in MEASURES.values():
        priced = measure.formula.scale == "cost"
        if not priced and measure.inputs(STANDARD) <= names:
            yield measure, _sql(measure.formula_of(STANDARD), source)


def _sql(formula: Formula, source: str) -> str:
    over = f"{_sums(formula.over, source)}{DIVISORS[formula.scale]}"
    return f"1.0 * {over} / nullif({_sums(formula.under, source)}, 0)" if formula.under else over


def _sums(terms: Iterable[str], source: str) -> str:
    seconds = {"threshold": STANDARD.threshold_s, "short": STANDARD.short_abandon_s}
    named = [term.format_map(seconds) for term in terms]
    summed = [
        f"- sum({source}{n[1:]})" if n.startswith("-") else f"+ sum({source}{n})" for n in named
    ]
    joined = " ".join(summed).removeprefix("+ ")
    return joined if len(named) == 1 else f"({joined})"


def _clickhouse() -> Iterator[str]:
    for rows in BI_TOPICS:
        table, columns = _table(rows), ",\n".join(_columns(rows))
        keys = ", ".join(rows.keys)
        yield (
            f"CREATE TABLE {table}\n(\n{columns}\n)\n"
            f"ENGINE = ReplacingMergeTree(row_version)\nORDER BY ({keys});"
        )
        yield (
            f"CREATE TABLE {table}_queue\n(\n{columns}\n)\nENGINE = Kafka\nSETTINGS\n"
            f"    kafka_broker_list = '{BROKERS}',\n"
            f"    kafka_topic_list = '{rows.topic.name}',\n"
            f"    kafka_group_name = 'clickhouse-{table}',\n"
            "    kafka_format = 'JSONEachRow',\n"
            "    date_time_input_format = 'best_effort';"
        )
        names = ", ".join(column.name for column in rows.columns)
        yield (
            f"CREATE MATERIALIZED VIEW {table}_view TO {table} AS\n"
            f"SELECT {names}\nFROM {table}_queue;"
        )
    yield _hours(
        "CREATE VIEW queue_hours", "toStartOfHour(interval_start)", "queue_intervals FINAL"
    )


def _columns(rows: BiTopic) -> Iterator[str]:
    for column in rows.columns:
        # a version is unsigned, or ReplacingMergeTree does not take it
        kind = "UInt64" if column.name == VERSION else _kind(column, CLICKHOUSE)
        yield f"    {column.name} {f'Nullable({kind})' if column.nullable else kind}"


def _hours(head: str, hour: str, source: str) -> str:
    queues = BI_TOPICS[1]
    by = ", ".join(key for key in queues.keys if key != "interval_start")
    shown = ",\n".join(
        f"    {sql} AS {measure.name}" for measure, sql in figures(queues, "quarters.")
    )
    group = f"hour_start, {by}"
    quarters = f"(SELECT * FROM {source}) AS quarters"
    selected = f"{hour} AS hour_start, {by},\n{shown}"
    return f"{head} AS\nSELECT\n    {selected}\nFROM {quarters}\nGROUP BY {group};"


def _views() -> Iterator[str]:
    utc = "interval_start AT TIME ZONE 'UTC'"
    yield "-- Over the tables that the sinks of connect/ fill; moments are UTC without a zone."
    for name in ("hour", "day", "month"):
        view = _hours(
            f"CREATE OR REPLACE VIEW queue_{name}s",
            f"date_trunc('{name}', {utc})",
            "queue_intervals",
        )
        yield view.replace("hour_start", f"{name}_start")
    yield (
        "CREATE OR REPLACE VIEW overflow AS\n"
        "SELECT client_id, project_id, region, home_site_id, answering_site_id,\n"
        "    count(*) AS answered, avg(wait_ms) / 1000.0 AS asa_s\n"
        "FROM contact_records\nWHERE connected_at IS NOT NULL AND direction <> 'internal'\n"
        "GROUP BY client_id, project_id, region, home_site_id, answering_site_id;"
    )


def _sink(rows: BiTopic) -> dict[str, Any]:
    """Return the JDBC sink of a topic in the format json_with_schema."""
    json_converter = "org.apache.kafka.connect.json.JsonConverter"
    return {
        "name": f"polycentre-{_table(rows).replace('_', '-')}",
        "config": {
            "connector.class": "io.confluent.connect.jdbc.JdbcSinkConnector",
            "tasks.max": "1",
            "topics": rows.topic.name,
            "connection.url": "jdbc:postgresql://warehouse:5432/bi",
            "connection.user": "${file:/etc/connect/warehouse.properties:user}",
            "connection.password": "${file:/etc/connect/warehouse.properties:password}",
            "key.converter": json_converter,
            "key.converter.schemas.enable": "true",
            "value.converter": json_converter,
            "value.converter.schemas.enable": "true",
            "table.name.format": _table(rows),
            "pk.mode": "record_key",
            "pk.fields": ",".join(rows.keys),
            "fields.whitelist": ",".join(column.name for column in rows.columns),
            "insert.mode": "upsert",
            "delete.enabled": "true",
            "auto.create": "true",
            "auto.evolve": "true",
            "db.timezone": "UTC",
            "quote.sql.identifiers": "never",
        },
    }


def _uuid(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"urn:polycentre:superset:{name}"))


def _database() -> dict[str, Any]:
    return {
        "database_name": "polycentre",
        "sqlalchemy_uri": "postgresql://reader:XXXXXXXXXX@warehouse:5432/bi",
        "expose_in_sqllab": True,
        "uuid": _uuid("database"),
        "version": "1.0.0",
    }


def _dataset(rows: BiTopic) -> dict[str, Any]:
    moments = [c.name for c in rows.columns if isinstance(c.type, DateTime)]
    main = "arrived_at" if "arrived_at" in moments else "interval_start"
    count = {"metric_name": "rows", "verbose_name": "Rows", "expression": "count(*)"}
    return {
        "table_name": _table(rows),
        "main_dttm_col": main,
        "description": f"The rows of {rows.topic.name}",
        "columns": [
            {
                "column_name": str(column.name),
                "type": _kind(column, SUPERSET),
                "is_dttm": column.name in moments,
                "groupby": not isinstance(column.type, BigInteger),
                "filterable": True,
            }
            for column in rows.columns
        ],
        "metrics": [
            count,
            *(
                {
                    "metric_name": measure.name,
                    "verbose_name": measure.title.en,
                    "description": measure.meaning.en,
                    "expression": sql,
                }
                for measure, sql in figures(rows)
            ),
        ],
        "uuid": _uuid(_table(rows)),
        "database_uuid": _uuid("database"),
        "version": "1.0.0",
    }


def _json(page: dict[str, Any]) -> str:
    return json.dumps(page, indent=2, ensure_ascii=False) + "\n"


def _yaml(page: dict[str, Any]) -> str:
    return f"# {WRITTEN}\n" + yaml.safe_dump(page, sort_keys=False, allow_unicode=True, width=100)


def main(arguments: list[str], folder: Path = FOLDER) -> int:
    """Write the files, or with `--check` name those that are not what the code says."""
    stale = [
        name
        for name, text in files().items()
        if not (folder / name).exists() or (folder / name).read_text() != text
    ]
    if "--check" in arguments:
        for name in stale:
            print(f"deploy/bi/{name} is stale: make docs")
        return int(bool(stale))
    for name in stale:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(files()[name])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
