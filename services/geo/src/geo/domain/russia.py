"""Fixed-line codes of Russia: which region (ISO 3166-2) each three-digit code serves.

Source: the geographic (ABC) codes of the Russian system and plan of numbering, as generally
published; written down here by hand. A code that serves two regions stands with both.
"""

from collections import defaultdict
from collections.abc import Mapping

_CODES = {
    "RU-AD": "877",
    "RU-AL": "388",
    "RU-ALT": "385",
    "RU-AMU": "416",
    "RU-ARK": "818",
    "RU-AST": "851",
    "RU-BA": "347",
    "RU-BEL": "472",
    "RU-BRY": "483",
    "RU-BU": "301",
    "RU-CE": "871",
    "RU-CHE": "351",
    "RU-CHU": "427",
    "RU-CU": "835",
    "RU-DA": "872",
    "RU-IN": "873",
    "RU-IRK": "395",
    "RU-IVA": "493",
    "RU-KAM": "415",
    "RU-KB": "866",
    "RU-KC": "878",
    "RU-KDA": "861 862",
    "RU-KEM": "384",
    "RU-KGD": "401",
    "RU-KGN": "352",
    "RU-KHA": "421",
    "RU-KHM": "346",
    "RU-KIR": "833",
    "RU-KK": "390",
    "RU-KL": "847",
    "RU-KLU": "484",
    "RU-KO": "821",
    "RU-KOS": "494",
    "RU-KR": "814",
    "RU-KRS": "471",
    "RU-KYA": "391",
    "RU-LEN": "813",
    "RU-LIP": "474",
    "RU-MAG": "413",
    "RU-ME": "836",
    "RU-MO": "834",
    "RU-MOS": "495 496 498",
    "RU-MOW": "495 498 499",
    "RU-MUR": "815",
    "RU-NGR": "816",
    "RU-NIZ": "831",
    "RU-NVS": "383",
    "RU-OMS": "381",
    "RU-ORE": "353",
    "RU-ORL": "486",
    "RU-PER": "342",
    "RU-PNZ": "841",
    "RU-PRI": "423",
    "RU-PSK": "811",
    "RU-ROS": "863",
    "RU-RYA": "491",
    "RU-SA": "411",
    "RU-SAK": "424",
    "RU-SAM": "846 848",
    "RU-SAR": "845",
    "RU-SE": "867",
    "RU-SMO": "481",
    "RU-SPE": "812",
    "RU-STA": "865 879",
    "RU-SVE": "343",
    "RU-TA": "843 855",
    "RU-TAM": "475",
    "RU-TOM": "382",
    "RU-TUL": "487",
    "RU-TVE": "482",
    "RU-TY": "394",
    "RU-TYU": "345",
    "RU-UD": "341",
    "RU-ULY": "842",
    "RU-VGG": "844",
    "RU-VLA": "492",
    "RU-VLG": "817 820",
    "RU-VOR": "473",
    "RU-YAN": "349",
    "RU-YAR": "485",
    "RU-YEV": "426",
    "RU-ZAB": "302",
}

NENETS = "81853"
"""Naryan-Mar has five digits of the code of Arkhangelsk to itself."""


def _by_code() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for region, codes in _CODES.items():
        for code in codes.split():
            found[code] += (region,)
    found[NENETS] = ("RU-NEN",)
    return dict(found)


FIXED: Mapping[str, tuple[str, ...]] = _by_code()

TWO_REGISTERS: Mapping[str, tuple[str, ...]] = {
    "365": ("RU-CR", "UA-43"),
    "869": ("RU-SEV", "UA-40"),
}
"""Codes of the Russian plan whose places ISO 3166-2 lists under another country."""
