"""Events to test with, made by hypothesis from their declarations."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import strategies as st

from contact_events.envelope import Envelope
from contact_events.registry import EVENTS, Event

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

moments = st.datetimes(
    min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)
)


_PLAIN: dict[type[msgspec.inspect.Type], st.SearchStrategy[Any]] = {
    msgspec.inspect.StrType: st.text(max_size=12),
    msgspec.inspect.IntType: st.integers(0, 2**40),
    msgspec.inspect.FloatType: st.floats(0, 1e9, allow_nan=False),
    msgspec.inspect.BoolType: st.booleans(),
    msgspec.inspect.NoneType: st.none(),
    msgspec.inspect.DateTimeType: moments,
}


def _value(annotation: msgspec.inspect.Type) -> st.SearchStrategy[Any]:
    inspect = msgspec.inspect
    match annotation:
        case inspect.LiteralType(values=values):
            return st.sampled_from(values)
        case inspect.UnionType(types=types):
            return st.one_of([_value(each) for each in types])
        case inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(_value(key), _value(value), max_size=3)
        case inspect.VarTupleType(item_type=item):
            return st.lists(_value(item), max_size=3).map(tuple)
        case inspect.TupleType(item_types=items):
            return st.tuples(*[_value(each) for each in items])
        case inspect.StructType(cls=shape):
            return structs(shape)
        case _:
            return _PLAIN[type(annotation)]


def structs(shape: type[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for every instance of a declared struct."""
    described = msgspec.inspect.type_info(shape)
    assert isinstance(described, msgspec.inspect.StructType)
    return st.builds(shape, **{field.name: _value(field.type) for field in described.fields})


def events() -> st.SearchStrategy[Event]:
    """Return a strategy for any declared event."""
    return st.sampled_from(sorted(EVENTS)).flatmap(lambda name: structs(EVENTS[name].shape))


def enveloped(data: Event, **given: Any) -> Envelope:
    """Return `data` in an envelope whose other fields matter to nobody."""
    fields: dict[str, Any] = {
        "id": "e1",
        "source": "/polycentre/test",
        "subject": "s",
        "time": NOON,
        "pool": "main",
        "stream": "s",
        "sequence": 1,
    }
    return Envelope(data=data, **(fields | given))
