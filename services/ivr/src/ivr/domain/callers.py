"""Who calls, without saying who: the reference and the prefix of a number.

The key is the client's, so the same number is another reference for another client. A plain hash
would say who calls: all numbers of a country are tried in minutes.
"""

import hashlib
import hmac
import re

import msgspec
import phonenumbers

from ivr.domain.refusals import NotANumber

OPEN_DIGITS = 4  # so that at least 10,000 numbers stand behind every prefix
_KEPT_DIGITS = {7: 6, 375: 4}
_SEPARATORS = str.maketrans("", "", " -.()")
_DIGITS = re.compile(r"[0-9]+")
_WORDS = re.compile(r"\w+")


def normal(number: str) -> str:
    """Return the number in E.164.

    Raises:
        NotANumber: it has no country's calling code, or digits that are not 0 to 9.
    """
    if not number.isascii():
        raise NotANumber
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        raise NotANumber from None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def reference(number: str, key: bytes) -> str:
    """Return HMAC-SHA-256 of the E.164 number under the client's key, 64 hexadecimal digits."""
    return hmac.new(key, number.encode(), hashlib.sha256).hexdigest()


def prefix(number: str) -> str:
    """Return what of the E.164 number may stand in the log.

    Russia and Kazakhstan: +7 and six digits; Belarus: +375 and four; elsewhere, and where less
    than four digits would stay open: the country's calling code.

    Raises:
        NotANumber: it has no country's calling code.
    """
    try:
        country = phonenumbers.parse(number, None).country_code
    except phonenumbers.NumberParseException:
        raise NotANumber from None
    code = f"+{country}"
    kept = _KEPT_DIGITS.get(country or 0, 0)
    national = number.removeprefix(code)
    if len(national) - kept < OPEN_DIGITS:
        return code
    return code + national[:kept]


def names_number(text: str, number: str) -> bool:
    """Return whether `text` spells the E.164 number, with or without its country or a trunk 0 or 8.

    Such text would tell in the log who calls.

    Raises:
        NotANumber: the number has no country's calling code.
    """
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        raise NotANumber from None
    national = phonenumbers.national_significant_number(parsed)
    written = {national, f"0{national}", f"8{national}", number[1:], f"00{number[1:]}"}
    return not written.isdisjoint(_DIGITS.findall(text.translate(_SEPARATORS)))


def names_person(text: str, name: str) -> bool:
    """Return whether `text` holds the whole name, however it is spaced and capitalised."""
    spoken, words = (" ".join(_WORDS.findall(each.casefold())) for each in (text, name))
    return bool(words) and f" {words} " in f" {spoken} "


class Person(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody who called: the key (base64) of what is sealed of them; without it, nothing is.

    `erased` counts how often a key of theirs was destroyed: they may call again.
    """

    key: str | None = None
    erased: int = 0
