"""Where callers call from: numbers drawn over the regions around four sites.

The weights are made up: roughly the sizes of the towns. Numbers are drawn within ranges of the
public numbering plan; nobody's real number is kept anywhere.
"""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Numbers that begin with `prefix`, and the site whose gateway their calls reach first."""

    prefix: str
    digits: int
    entry_site: str
    weight: float


PLACES: tuple[Place, ...] = (
    Place("+7495", 7, "moscow", 20.0),
    Place("+7499", 7, "moscow", 10.0),
    Place("+7812", 7, "moscow", 9.0),
    Place("+7831", 7, "saransk", 4.0),
    Place("+7834", 7, "saransk", 6.0),
    Place("+7841", 7, "saransk", 3.0),
    Place("+7843", 7, "saransk", 5.0),
    Place("+7846", 7, "saransk", 4.0),
    Place("+37517", 7, "minsk", 13.0),
    Place("+375162", 6, "minsk", 2.0),
    Place("+375212", 6, "minsk", 2.0),
    Place("+375232", 6, "minsk", 2.0),
    Place("+7383", 7, "krasnoyarsk", 6.0),
    Place("+7391", 7, "krasnoyarsk", 7.0),
    Place("+7395", 7, "krasnoyarsk", 3.0),
    Place("+7423", 7, "krasnoyarsk", 3.0),
    Place("+7903", 7, "moscow", 6.0),
    Place("+7913", 7, "krasnoyarsk", 4.0),
    Place("+37529", 7, "minsk", 3.0),
)


def draw_caller(rnd: random.Random) -> tuple[str, str]:
    """Return a number (E.164) and the site it enters at."""
    place = rnd.choices(PLACES, [each.weight for each in PLACES])[0]
    # The last seven digits begin with 2 to 9, as subscribers' numbers do.
    rest = str(rnd.randint(2, 9)) + "".join(rnd.choices("0123456789", k=place.digits - 1))
    return place.prefix + rest, place.entry_site
