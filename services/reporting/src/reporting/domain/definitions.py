"""The measures, defined once: formula, unit, source."""


def service_level(answered_in_target: int, offered: int) -> float | None:
    """Return the share of offered calls answered within the target, 0 to 1.

    Abandoned calls stay in `offered`, so giving up never improves the figure: the trade's
    "negative" variant. None when nothing was offered: "no calls" is not "100 %".

    Source: WFM Labs, Contact Center Metrics Glossary, "Service Level (SL)".
    """
    return answered_in_target / offered if offered else None


def average_speed_of_answer_s(wait_to_answer_ms: int, answered: int) -> float | None:
    """Return the mean wait of answered calls, in seconds (ASA); None when none was answered.

    Source: WFM Labs, Contact Center Metrics Glossary, "Average Speed of Answer (ASA)".
    """
    return wait_to_answer_ms / 1_000 / answered if answered else None
