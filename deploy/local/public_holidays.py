"""Write the table of public holidays from the library `holidays`, or check that it is the same.

The services carry the table and not the library: two routers must never disagree on a day, and a
day that the library changes its mind about has to be seen in a commit.
"""

import sys
import textwrap
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import holidays

import contact_events

COUNTRIES = ("BY", "RU")
YEARS = range(2020, 2061)
PATH = Path(contact_events.__file__).with_name("public_holidays.py")

_HEAD = '''"""Public holidays by country: generated from the library `holidays`, see `make docs`.

Each year is followed by its days as month and day. `CLOSED` are public holidays with the days off
moved to weekdays; `WORKED` are days of a weekend that are worked instead of a day off elsewhere.
"""

from typing import Final
'''


def page() -> str:
    """Return the module that the library gives rise to."""
    found = {country: holidays.country_holidays(country, years=YEARS) for country in COUNTRIES}
    closed = {country: sorted(days) for country, days in found.items()}
    worked = {country: sorted(days.weekend_workdays) for country, days in found.items()}
    return _HEAD + "".join([*_table("CLOSED", closed), *_table("WORKED", worked)])


def _table(name: str, days: dict[str, list[date]]) -> Iterator[str]:
    yield f"\n{name}: Final = {{\n"
    for country in COUNTRIES:
        yield f'    "{country}": """\n'
        for year in YEARS:
            of_year = [f"{day:%m%d}" for day in days[country] if day.year == year]
            if of_year:
                yield textwrap.fill(f"{year}: {' '.join(of_year)}", 98) + "\n"
        yield '""",\n'
    yield "}\n"


def main(arguments: list[str]) -> int:
    """Return the exit code: 1 if the table is checked and is not what the library says."""
    if "--check" not in arguments:
        PATH.write_text(page(), encoding="utf-8")
    elif PATH.read_text(encoding="utf-8") != page():
        print(f"{PATH.name} is not what `holidays` says; run make docs", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
