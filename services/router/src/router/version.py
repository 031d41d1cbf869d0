"""Which code decides: a name that changes whenever what is decided may change."""

import ast
import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

ROOT: Final = "router.leader"
OURS: Final = ("router.", "contact_events.")


@cache
def code_version() -> str:
    """Return a hash of the code of a leader's state and of all of ours that it imports.

    Comments, docstrings and layout do not count, nor what only explains. Two replicas of one
    version decide equally from equal states; of two versions nobody knows.
    """
    digest = hashlib.sha256()
    for name, tree in sorted(_closure().items()):
        digest.update(name.encode() + b"\0" + ast.dump(_without_docstrings(tree)).encode())
    return digest.hexdigest()[:12]


def modules() -> list[str]:
    """Return the modules that count."""
    return sorted(_closure())


def _closure() -> dict[str, ast.Module]:
    found: dict[str, ast.Module] = {}
    left = [ROOT]
    while left:
        name = left.pop()
        if name in found:
            continue
        found[name] = ast.parse(_origin(name).read_text("utf-8"))
        left += [other for other in _imports(found[name]) if other.startswith(OURS)]
    return found


def _origin(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None and spec.origin is not None, name
    return Path(spec.origin)


def _imports(tree: ast.Module) -> list[str]:
    """Return the modules that are imported from; `from package import name` is never ours."""
    return [
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
    ]


def _without_docstrings(tree: ast.Module) -> ast.Module:
    """Take out every statement that is nothing but a text."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            body[:] = [each for each in body if not _is_text(each)]
    return tree


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
