"""Production code with a change, in memory: modules read anew beside those that are there.

Nothing on disk changes. Inside `patched` the services and the world around them are imported from
their sources, the patched ones among them; afterwards everything is as it was.
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ANEW = (
    "ivr",
    "agent_state",
    "router",
    "reporting",
    "tests.support.protocol_",
    "tests.support.agent_floor",
    "tests.support.router_world",
)
EVENTS = ("contact_events", "contact_runtime")


class PatchOutdated(Exception):
    """The text that a patch replaces is not in the module any more: adapt the patch."""


@dataclass(frozen=True)
class Patch:
    """A change of one module: `old` stands in it exactly once."""

    module: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """The changes that leave a rule out.

    `rule` is the number in DESIGN 3, "the rules that close the races"; 0: it stands elsewhere.
    """

    rule: int
    name: str
    patches: tuple[Patch, ...]


def mutant(rule: int, name: str, *patches: tuple[str, str, str]) -> Mutant:
    """Return a mutant; each patch is (module, old text, new text)."""
    return Mutant(rule, name, tuple(Patch(*patch) for patch in patches))


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, sources: dict[str, tuple[Path, str]]) -> None:
        self._sources = sources

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self._sources:
            return None
        origin, text = self._sources[fullname]
        return importlib.util.spec_from_file_location(
            fullname, origin, loader=_Loader(fullname, str(origin), text)
        )


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, fullname: str, path: str, text: str) -> None:
        super().__init__(fullname, path)
        self._text = text

    def get_code(self, fullname: str) -> object:  # type: ignore[override]
        return compile(self._text, self.path, "exec", dont_inherit=True)


def sources(patches: Sequence[Patch]) -> dict[str, tuple[Path, str]]:
    """Return the text of each patched module, with its place.

    Raises:
        PatchOutdated: a module is not there, or has not the old text exactly once.
    """
    found: dict[str, tuple[Path, str]] = {}
    for patch in patches:
        spec = importlib.util.find_spec(patch.module)
        if spec is None or spec.origin is None:
            raise PatchOutdated(f"there is no module {patch.module}")
        origin = Path(spec.origin)
        text = found[patch.module][1] if patch.module in found else origin.read_text("utf-8")
        if text.count(patch.old) != 1:
            count = text.count(patch.old)
            raise PatchOutdated(f"{patch.module} has {count} times, not once:\n{patch.old}")
        found[patch.module] = (origin, text.replace(patch.old, patch.new))
    return found


@contextmanager
def patched(patches: Sequence[Patch], module: str) -> Iterator[ModuleType]:
    """Yield `module` of the tests' support, read anew on the patched services.

    Raises:
        PatchOutdated: see `sources`.
    """
    finder = _Finder(sources(patches))
    prefixes = ANEW + (EVENTS if any(p.module.startswith(EVENTS) for p in patches) else ())
    before = _forget(prefixes)
    sys.meta_path.insert(0, finder)
    try:
        yield importlib.import_module(module)
    finally:
        sys.meta_path.remove(finder)
        _forget(prefixes)
        for name, known in before.items():
            sys.modules[name] = known
            parent, _, child = name.rpartition(".")
            if parent:
                setattr(sys.modules[parent], child, known)


def _forget(prefixes: Sequence[str]) -> dict[str, ModuleType]:
    """Let the modules of these names be imported anew, and return them, parents first."""
    known = {name: sys.modules[name] for name in sorted(sys.modules) if _is_of(name, prefixes)}
    for name in known:
        del sys.modules[name]
        parent, _, child = name.rpartition(".")
        if parent in sys.modules:
            vars(sys.modules[parent]).pop(child, None)
    return known


def _is_of(name: str, prefixes: Sequence[str]) -> bool:
    if name == __name__:
        return False
    return any(
        name.startswith(prefix) if prefix.endswith("_") else (name + ".").startswith(prefix + ".")
        for prefix in prefixes
    )
