"""Where the number behind a prefix is, as far as the numbering plans tell.

Portability and roaming are not known here: the place is the one the number was given out for.
"""

import msgspec
import phonenumbers

from contact_events.locations import Precision
from geo.domain.russia import FIXED, TWO_REGISTERS

SOURCE = "numbering-plan-1"

_MINSK_CITY, _MINSK_REGION = "BY-HM", "BY-MI"
_BELARUS = {"15": "BY-HR", "16": "BY-BR", "21": "BY-VI", "22": "BY-MA", "23": "BY-HO"}
_MINSK = {
    **dict.fromkeys("2358", _MINSK_CITY),
    **dict.fromkeys("1479", _MINSK_REGION),
}
"""By the digit after 17: the city's subscriber numbers, and the codes of the region's towns.

Source: the Belarusian numbering plan as generally published (ITU-T, national plan of +375).
"""

_KAZAKHSTAN, _MOBILE = "67", "9"
_NON_GEOGRAPHIC = "001"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A place: a region (ISO 3166-2), a country (ISO 3166-1), or what is left open."""

    precision: Precision
    country: str | None = None
    region: str | None = None
    candidates: tuple[str, ...] = ()
    source: str = SOURCE


UNKNOWN = Place(precision="unknown")
ANYWHERE_IN_RUSSIA = Place(precision="ambiguous", country="RU")


def locate(prefix: str | None) -> Place:
    """Return the place of the numbers that begin with `prefix` (`+`, country, some digits).

    Unknown where the number is withheld or of no plan; ambiguous where the plan leaves more than
    one region or country open, and then `candidates` name the regions if they are few.
    """
    if prefix is None or not prefix.isascii() or not prefix[1:].isdigit() or prefix[0] != "+":
        return UNKNOWN
    digits = prefix[1:]
    if digits.startswith("7"):
        return _zone_seven(digits[1:])
    if digits.startswith("375"):
        return _belarus(digits[3:])
    return _country(digits)


def _zone_seven(national: str) -> Place:
    """Russia and Kazakhstan share +7; its freephone numbers may be either's."""
    if not national or national.startswith("80"):
        return Place(precision="ambiguous")
    if national[0] in _KAZAKHSTAN:
        return Place(precision="country", country="KZ")
    if national.startswith(_MOBILE) and not national.startswith("940"):
        return ANYWHERE_IN_RUSSIA  # which region, only all ten digits would tell
    if regions := TWO_REGISTERS.get(national[:3]):
        return Place(precision="ambiguous", candidates=regions)
    return _of(FIXED.get(national[:5]) or FIXED.get(national[:3]) or (), "RU")


def _belarus(national: str) -> Place:
    if len(national) < 2:
        return Place(precision="country", country="BY")
    if national.startswith("17"):
        region = _MINSK.get(national[2:3])
        return _of((region,) if region else (_MINSK_CITY, _MINSK_REGION), "BY")
    region = _BELARUS.get(national[:2])
    return _of((region,), "BY") if region else Place(precision="country", country="BY")


def _of(regions: tuple[str, ...], country: str) -> Place:
    if not regions:
        return UNKNOWN
    if len(regions) == 1:
        return Place(precision="region", country=country, region=regions[0])
    return Place(precision="ambiguous", country=country, candidates=regions)


def _country(digits: str) -> Place:
    """Return the country of the longest calling code that the digits begin with."""
    for code in (digits[:3], digits[:2], digits[:1]):
        countries = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code))
        if countries is None or code.startswith("0"):
            continue
        if countries == (_NON_GEOGRAPHIC,):
            return UNKNOWN
        if len(countries) == 1:
            return Place(precision="country", country=countries[0])
        return Place(precision="ambiguous")  # +1 and +44 among others serve several countries
    return UNKNOWN
