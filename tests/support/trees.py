"""The shape of the services' trees, read from their sources without importing them."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

SERVICES = {
    "ivr": "ivr",
    "router": "router",
    "agent-state": "agent_state",
    "reporting": "reporting",
    "geo": "geo",
}
"""Folder under services/ and the package in it."""

PARTS = frozenset({"explain"})
"""Packages in a service that are a process of their own, of the same shape as a service."""

DATA_TOOLS = frozenset(
    [
        "__future__",
        "abc",
        "array",
        "base64",
        "binascii",
        "bisect",
        "collections",
        "copy",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "fractions",
        "functools",
        "hashlib",
        "heapq",
        "hmac",
        "itertools",
        "json",
        "math",
        "numbers",
        "operator",
        "re",
        "statistics",
        "string",
        "struct",
        "types",
        "typing",
        "unicodedata",
        "urllib.parse",
        "uuid",
        "zoneinfo",
        "contact_events",
        "msgspec",
        "phonenumbers",
        "sortedcontainers",
        "typing_extensions",
    ]
)
"""All that a domain may import: none of these waits, reads a clock or draws lots by itself."""

CLOCKS_AND_LOTS = frozenset({"now", "utcnow", "today", "uuid1", "uuid4"})
"""Calls on data tools that would bring the machine into the domain."""

SYNONYMS = {
    "api": "http",
    "app": "main",
    "common": "a noun of the trade",
    "config": "settings",
    "constants": "a noun of the trade",
    "handlers": "consumers",
    "helpers": "a noun of the trade",
    "manager": "a noun of the trade",
    "models": "tables or domain",
    "routes": "http",
    "schema": "tables",
    "server": "main",
    "utils": "a noun of the trade",
}
"""Names that a file never has, and what the thing is called here."""

MOST_LINES = 300


def modules(root: Path, service: str) -> Iterator[tuple[Path, ast.Module]]:
    """Return each module of a service, by its path in the package, with its syntax."""
    package = root / "services" / service / "src" / SERVICES[service]
    for path in sorted(package.rglob("*.py")):
        yield path.relative_to(package), ast.parse(path.read_text(), str(path))


def imports(tree: ast.Module, package: str) -> set[str]:
    """Return the full names that a module imports, `a.b` for `from a import b` too."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            start = f"{package}.{base}".rstrip(".") if node.level else base
            found |= {start} | {f"{start}.{alias.name}" for alias in node.names}
    return found


def reaches(found: set[str], *names: str) -> bool:
    """Return whether one of the imports is, or lies in, one of the modules."""
    return any(one == name or one.startswith(name + ".") for one in found for name in names)


def impure(root: Path) -> list[str]:
    """Return what brings I/O, a clock or chance into a domain: one line each."""
    faults: list[str] = []
    for service, package in SERVICES.items():
        for path, tree in modules(root, service):
            if path.parts[0] in ("domain", "domain.py"):
                faults += [f"{service}/{path}: {fault}" for fault in _impurities(tree, package)]
    return faults


def _impurities(tree: ast.Module, package: str) -> Iterator[str]:
    allowed = DATA_TOOLS | {package}
    for name in sorted(imports(tree, package)):
        if not any(f"{name}.".startswith(f"{tool}.") for tool in allowed):
            yield f"imports {name}"
        if name.startswith(f"{package}.") and not name.startswith(f"{package}.domain"):
            yield f"imports {name}, which is outside the domain"
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield f"line {node.lineno} awaits"
        if isinstance(node, ast.Call) and _called(node) in CLOCKS_AND_LOTS:
            yield f"line {node.lineno} calls {_called(node)}()"
        if isinstance(node, ast.Call) and _called(node) in ("open", "print", "input"):
            yield f"line {node.lineno} calls {_called(node)}()"


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def misplaced(root: Path) -> list[str]:
    """Return where a service's tree differs from the one shape: one line each."""
    faults: list[str] = []
    for service in SERVICES:
        found = dict(modules(root, service))
        faults += [f"{service}/{fault}" for fault in _misnamed(found)]
        for path, tree in found.items():
            rule = ROLES.get(_within_part(path))
            known = imports(tree, SERVICES[service])
            faults += [f"{service}/{path}: {fault}" for fault in _empty(tree)]
            faults += [f"{service}/{path}: {fault}" for fault in rule(tree, known)] if rule else []
            faults += [f"{service}/{path}: {fault}" for fault in _of_main(path, known)]
        if Path("main.py") in found:
            faults += [f"{service}: {fault}" for fault in _whole(root, service, found)]
    return faults


def _within_part(path: Path) -> str:
    """Return the path as it would be if the process it belongs to were its service's only one."""
    return str(path.relative_to(path.parts[0]) if path.parts[0] in PARTS else path)


def _misnamed(found: Mapping[Path, ast.Module]) -> Iterator[str]:
    for path in found:
        name = path.stem if path.stem != "__init__" else path.parent.name
        if name in SYNONYMS:
            yield f"{path}: is called {SYNONYMS[name]} here"


def _empty(tree: ast.Module) -> Iterator[str]:
    docstring = ast.get_docstring(tree)
    if not docstring and tree.body:
        yield "says nothing of itself: no docstring"


def _of_main(path: Path, known: set[str]) -> Iterator[str]:
    """Only main.py knows every part, the process and the environment."""
    if _within_part(path) in ("main.py", "__main__.py") or path.parts[0] == "migrations":
        return
    if reaches(known, "contact_runtime.serve", "contact_runtime.logs"):
        yield "wires the process, which is main.py's"
    if reaches(known, "os", "os.environ") or reaches(
        known, "contact_runtime.settings.settings_or_exit", "contact_runtime.settings.load_settings"
    ):
        yield "reads the environment, which is main.py's"


def _whole(root: Path, service: str, found: Mapping[Path, ast.Module]) -> Iterator[str]:
    """What every service that runs has."""
    for needed in ("__main__.py", "settings.py"):
        if Path(needed) not in found:
            yield f"has no {needed}"
    if not (root / "services" / service / "README.md").exists():
        yield "has no README.md"


def _http(tree: ast.Module, known: set[str]) -> Iterator[str]:
    if "APIRouter" not in _names(tree):
        yield "declares no APIRouter"
    if reaches(known, "contact_runtime.log", "contact_runtime.kafka", "aiokafka"):
        yield "knows the log, which is for consumers"


def _consumers(tree: ast.Module, known: set[str]) -> Iterator[str]:
    if reaches(known, "fastapi", "starlette", "contact_runtime.http"):
        yield "knows HTTP"


def _projections(tree: ast.Module, known: set[str]) -> Iterator[str]:
    if reaches(known, "fastapi", "contact_runtime.http", "contact_runtime.kafka"):
        yield "knows more than events and rows"


def _tables(tree: ast.Module, known: set[str]) -> Iterator[str]:
    if not _names(tree) & {"Kind", "Table", "MetaData"}:
        yield "declares no rows: neither a Kind nor a Table"


def _settings(tree: ast.Module, known: set[str]) -> Iterator[str]:
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    bases = {base.id for node in classes for base in node.bases if isinstance(base, ast.Name)}
    if "ServiceSettings" not in bases:
        yield "declares no ServiceSettings"


def _main(tree: ast.Module, known: set[str]) -> Iterator[str]:
    if not reaches(known, "contact_runtime.serve"):
        yield "serves nothing"


def _names(tree: ast.Module) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


ROLES = {
    "http.py": _http,
    "http/__init__.py": _http,
    "consumers.py": _consumers,
    "projections.py": _projections,
    "tables.py": _tables,
    "settings.py": _settings,
    "main.py": _main,
}
"""What a file of each name is, wherever it is."""


def too_long(root: Path) -> list[str]:
    """Return the modules of the project over 300 lines, with their length."""
    folders = ("libs", "services", "sim", "deploy", "bench")
    sized = (
        (path.relative_to(root), path.read_text().count("\n"))
        for folder in folders
        for path in sorted((root / folder).rglob("*.py"))
        if "migrations" not in path.parts and "node_modules" not in path.parts
    )
    return [f"{path}: {lines} lines" for path, lines in sized if lines > MOST_LINES]
