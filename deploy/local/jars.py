"""The jars of Apache Kafka, fetched once from Maven Central and kept in the state folder."""

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.state import state_folder

POM = Path(__file__).with_name("pom.xml")
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
RUNTIME = "-DincludeScope=runtime"
FETCH_LIMIT_S = 600


class JarsMissing(Exception):
    """The jars could not be fetched: no Maven, or no way to its repository."""

    code = "jars-missing"


def jars_folder() -> Path:
    """Return the folder with the jars of `pom.xml`, fetching them if it is not there yet.

    Several processes may ask at once; one fetches and the others wait for it.

    Raises:
        JarsMissing: Maven is absent or failed; the message says what it said.
    """
    kafka = state_folder() / "kafka"
    kafka.mkdir(parents=True, exist_ok=True)
    with _locked(kafka / "jars.lock"):
        if not jars_are_there():
            _fetch(kafka, kafka / "jars", _stamp())
    return kafka / "jars"


def jars_are_there() -> bool:
    """Tell whether the jars of `pom.xml` as it is now were fetched."""
    return (state_folder() / "kafka" / "jars" / f"complete-{_stamp()}").exists()


def _stamp() -> str:
    return hashlib.sha256(POM.read_bytes()).hexdigest()[:16]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(kafka: Path, jars: Path, stamp: str) -> None:
    fresh = Path(tempfile.mkdtemp(prefix="jars-", dir=kafka))
    try:
        _copy_dependencies(fresh)
        (fresh / f"complete-{stamp}").touch()
        shutil.rmtree(jars, ignore_errors=True)
        fresh.rename(jars)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _copy_dependencies(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise JarsMissing("mvn is not on the PATH; Kafka's jars are fetched with Maven")
    told = subprocess.run(
        [*(maven, "-q", "-B", "-f", str(POM), COPY), f"-DoutputDirectory={folder}", RUNTIME],
        capture_output=True,
        text=True,
        timeout=FETCH_LIMIT_S,
        check=False,
    )
    if told.returncode != 0:
        raise JarsMissing(told.stdout[-2000:] + told.stderr[-2000:])
