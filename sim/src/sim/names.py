"""What callers are called: first names that are common in all four towns, none of anybody's own."""

import random

FIRST_NAMES = (
    *("Александр", "Алексей", "Анна", "Антон", "Валентина", "Виктор", "Галина", "Григорий"),
    *("Дарья", "Дмитрий", "Евгений", "Екатерина", "Елена", "Иван", "Ирина", "Кирилл", "Ксения"),
    *("Людмила", "Максим", "Мария", "Михаил", "Надежда", "Наталья", "Николай", "Ольга", "Павел"),
    *("Светлана", "Сергей", "Татьяна", "Юлия"),
)


def name_of(number: str) -> str:
    """Return what who calls from this number is called: always the same name."""
    return random.Random(f"name/{number}").choice(FIRST_NAMES)
