"""The centre that `make run` shows: four sites, two clients with their projects, the agents."""

import random
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Site:
    """A place with agents. `regions` are those whose callers are at home there (ISO 3166-2)."""

    site_id: str
    ru: str
    en: str
    time_zone: str
    latitude: float
    longitude: float
    share: float
    regions: tuple[str, ...]

    def document(self) -> Json:
        """Return the body of `PUT /v1/sites/{id}`."""
        return {
            "name": {"ru": self.ru, "en": self.en},
            "status": "open",
            "time_zone": self.time_zone,
            "lat": self.latitude,
            "lon": self.longitude,
            "regions": list(self.regions),
        }


def _ru(codes: str) -> tuple[str, ...]:
    return tuple(f"RU-{code}" for code in codes.split())


SITES: tuple[Site, ...] = (
    Site(
        "moscow",
        "Москва",
        "Moscow",
        "Europe/Moscow",
        55.752,
        37.618,
        0.30,
        _ru(
            "MOW MOS SPE LEN TVE YAR VLA KLU TUL RYA SMO BRY KRS ORL LIP TAM VOR BEL KOS IVA NGR "
            "PSK VLG KR ARK NEN MUR KGD KDA ROS STA VGG AST AD KC KB SE IN CE DA KL"
        ),
    ),
    Site(
        "saransk",
        "Саранск",
        "Saransk",
        "Europe/Moscow",
        54.185,
        45.172,
        0.20,
        _ru("MO PNZ NIZ ULY SAR SAM CU ME TA KIR UD PER ORE BA KO SVE CHE KGN TYU KHM YAN"),
    ),
    Site(
        "minsk",
        "Минск",
        "Minsk",
        "Europe/Minsk",
        53.900,
        27.567,
        0.20,
        ("BY-HM", "BY-MI", "BY-BR", "BY-VI", "BY-HO", "BY-HR", "BY-MA"),
    ),
    Site(
        "krasnoyarsk",
        "Красноярск",
        "Krasnoyarsk",
        "Asia/Krasnoyarsk",
        56.037,
        92.931,
        0.30,
        _ru("KYA NVS TOM KEM ALT AL KK TY OMS IRK BU ZAB SA AMU KHA PRI SAK KAM MAG CHU YEV"),
    ),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A menu entry that leads to a queue, and how often it is chosen."""

    digit: str
    queue_id: str
    skill: str
    ru: str
    en: str
    weight: float


@dataclass(frozen=True, slots=True)
class Project:
    """A client's number with its menu."""

    project_id: str
    client_id: str
    client_name: str
    name: str
    dnis: str
    weight: float
    greeting: tuple[str, str]
    agent_greeting: tuple[str, str]
    choices: tuple[Choice, ...]
    contained_digit: str
    contained: tuple[str, str]

    def document(self) -> Json:
        """Return the body of `PUT /v1/projects/{id}`."""
        menu: list[Json] = [
            {
                "digit": choice.digit,
                "label": {"ru": choice.ru, "en": choice.en},
                "queue": choice.queue_id,
                "contained": False,
            }
            for choice in self.choices
        ]
        menu.append(
            {
                "digit": self.contained_digit,
                "label": {"ru": self.contained[0], "en": self.contained[1]},
                "queue": None,
                "contained": True,
                "say": {"ru": self.contained[0], "en": self.contained[1]},
            }
        )
        return {
            "client_id": self.client_id,
            "client_name": self.client_name,
            "name": self.name,
            "dnis": [self.dnis],
            "greeting": {"ru": self.greeting[0], "en": self.greeting[1]},
            "agent_greeting": {"ru": self.agent_greeting[0], "en": self.agent_greeting[1]},
            "menu": menu,
            "no_input": {"queue": self.choices[0].queue_id, "repeats": 1},
        }


PROJECTS: tuple[Project, ...] = (
    Project(
        project_id="volga-cards",
        client_id="volga",
        client_name="Банк «Волга»",
        name="Карты",
        dnis="+74950001001",
        weight=0.6,
        greeting=("Банк «Волга», карты.", "Volga Bank, cards."),
        agent_greeting=("Банк «Волга», здравствуйте!", "Volga Bank, good day!"),
        choices=(
            Choice("1", "volga-cards", "cards", "Волга: карты", "Volga: cards", 0.7),
            Choice("2", "volga-loans", "loans", "Волга: кредиты", "Volga: loans", 0.3),
        ),
        contained_digit="3",
        contained=("Остаток по карте", "Card balance"),
    ),
    Project(
        project_id="romashka-orders",
        client_id="romashka",
        client_name="Магазин «Ромашка»",
        name="Заказы",
        dnis="+74950002002",
        weight=0.4,
        greeting=("Магазин «Ромашка».", "Romashka store."),
        agent_greeting=("«Ромашка», слушаю вас!", "Romashka, how can I help?"),
        choices=(
            Choice("1", "romashka-orders", "orders", "Ромашка: заказы", "Romashka: orders", 0.8),
            Choice("2", "romashka-returns", "orders", "Ромашка: возврат", "Romashka: returns", 0.2),
        ),
        contained_digit="3",
        contained=("Часы работы", "Opening hours"),
    ),
)


def queue_documents() -> dict[str, Json]:
    """Return the body of `PUT /v1/queues/{id}` for each queue of each project."""
    return {
        choice.queue_id: {
            "client_id": project.client_id,
            "name": {"ru": choice.ru, "en": choice.en},
            "skills": {choice.skill: 1},
            "ring_s": 30.0,
        }
        for project in PROJECTS
        for choice in project.choices
    }


SKILLS = {"cards": "Карты", "loans": "Кредиты", "orders": "Заказы"}
"""Each skill with its name in Russian."""


def skill_documents() -> dict[str, Json]:
    """Return the body of `PUT /v1/skills/{id}` for each skill."""
    return {skill: {"name": {"ru": ru, "en": skill.capitalize()}} for skill, ru in SKILLS.items()}


def team_documents(agents: int) -> dict[str, Json]:
    """Return the body of `PUT /v1/teams/{id}` for each team: one a site, named like it.

    A fifth of a team may be on a break at once.

    The supervisor of all is who has a supervisor's token of the laptop.
    """
    return {
        site.site_id: {
            "name": {"ru": site.ru, "en": site.en},
            "site_id": site.site_id,
            "supervisors": ["supervisor"],
            "breaks_at_once": max(1, round(agents * site.share / 5)),
            "sign_out_after_shift": True,
            "sign_out_grace_s": 300.0,
        }
        for site in SITES
    }


FREE_AGENT = "moscow-you"
"""An agent whom nobody plays: for who opens the desktop that `make run` prints."""


def free_agent_document() -> Json:
    """Return the body of `PUT /v1/agents/{id}` for the agent whom nobody plays."""
    site = SITES[0]
    return {
        "name": {"ru": "Гость", "en": "Guest"},
        "site_id": site.site_id,
        "team": site.site_id,
        "skills": dict.fromkeys(SKILLS, 3),
        "wrap_up_s": 60.0,
    }


def agent_documents(agents: int, seed: int) -> dict[str, Json]:
    """Return the body of `PUT /v1/agents/{id}` for this many agents over the sites.

    Most have two of the three skills, so that both clients share them.
    """
    rnd = random.Random(f"{seed}/agents")
    found: dict[str, Json] = {}
    for site in SITES:
        for number in range(1, max(1, round(agents * site.share)) + 1):
            skills = rnd.sample(list(SKILLS), rnd.choice((2, 2, 3)))
            found[f"{site.site_id}-{number:03}"] = {
                "name": {"ru": f"{site.ru} {number}", "en": f"{site.en} {number}"},
                "site_id": site.site_id,
                "team": site.site_id,
                "skills": {skill: rnd.randint(1, 3) for skill in skills},
                "wrap_up_s": 60.0,
            }
    return found
