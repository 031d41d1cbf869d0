"""Ids in the order of their keys, where only the first matters."""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Any)
SLACK = 32


class Heap(Generic[K]):
    """Ids by key: `put` and `drop` in O(log n), `first` in O(log n) amortised.

    What is dropped stays in the heap until it comes to the top, or until more than half of it is
    such: then it is built anew.
    """

    __slots__ = ("_entries", "_keys")

    def __init__(self) -> None:
        """Begin empty."""
        self._keys: dict[Any, K] = {}
        self._entries: list[tuple[K, Any]] = []

    def __len__(self) -> int:
        """Return how many ids are in it."""
        return len(self._keys)

    def __contains__(self, item: object) -> bool:
        """Tell whether the id is in it."""
        return item in self._keys

    def put(self, item: Any, key: K) -> None:
        """Give the id this key, whether or not it was in before."""
        if self._keys.get(item) == key:
            return
        self._keys[item] = key
        heappush(self._entries, (key, item))
        if len(self._entries) > 2 * len(self._keys) + SLACK:
            self._entries = [(key, item) for item, key in self._keys.items()]
            heapify(self._entries)

    def drop(self, item: Any) -> None:
        """Take the id out, if it is in."""
        self._keys.pop(item, None)

    def first(self) -> tuple[K, Any] | None:
        """Return the lowest key with its id, or None."""
        entries, keys = self._entries, self._keys
        while entries:
            key, item = entries[0]
            if keys.get(item) == key:
                return entries[0]
            heappop(entries)
        return None

    def first_but(self, other: Any) -> tuple[K, Any] | None:
        """Return the lowest key with its id among all ids but `other`, or None."""
        if other is None or other not in self._keys:
            return self.first()
        key = self._keys.pop(other)
        found = self.first()
        self.put(other, key)
        return found

    def items(self) -> Iterator[tuple[Any, K]]:
        """Yield the ids with their keys, in no order."""
        yield from self._keys.items()
