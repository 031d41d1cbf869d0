"""One Apache Kafka broker (KRaft, no Docker) for a laptop and for tests.

    kafka = LocalKafka(folder, port=19092, controller_port=19093)
    kafka.start()          # fetches jars, formats the folder, waits until it answers
    kafka.bootstrap        # "127.0.0.1:19092"
    kafka.stop()           # or kill(), freeze(), thaw() for tests of failure

What the folder holds survives `stop` and `kill`. `python -m deploy.local.kafka` runs the broker of
`make run` in the foreground.
"""

import asyncio
import contextlib
import ctypes
import os
import random
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from deploy.local.jars import jars_folder
from deploy.local.state import state_folder

PORT = 19092
CONTROLLER_PORT = 19093
HOST = "127.0.0.1"
PORTS = range(20_000, 32_000)
CLUSTER_ID = "polycentre-local-0001Q"
HEAP = ("-Xms128m", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
LOGGING = Path(__file__).with_name("log4j2.properties")
PAUSE_S = 0.05
PR_SET_PDEATHSIG = 1

SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# A killed broker is back in 4 s instead of 13.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
"""


class KafkaNotReady(Exception):
    """The broker ended, or did not answer in time; the message ends with its last log lines."""

    code = "kafka-not-ready"


class LocalKafka:
    """One broker process with its folder and its two ports."""

    def __init__(
        self, folder: Path, *, port: int = PORT, controller_port: int = CONTROLLER_PORT
    ) -> None:
        """Keep the place; nothing is started or written."""
        self.folder = folder
        self.port = port
        self._controller_port = controller_port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """Return the address that clients start from."""
        return f"{HOST}:{self.port}"

    @property
    def log_file(self) -> Path:
        """Return the file with what the broker says."""
        return self.folder / "kafka.log"

    @property
    def pid(self) -> int | None:
        """Return the process id while the broker runs, else None."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running and self._process else None

    async def answers(self) -> bool:
        """Tell whether the broker takes records now."""
        return _is_open(self.port) and await _answers(self.bootstrap)

    def start(self, *, limit_s: float = 60.0, dies_with_us: bool = False) -> None:
        """Start the broker and return once it answers; nothing to do while it runs.

        With `dies_with_us` the kernel kills it when this process dies; only for a call from the
        main thread, since the kernel watches the thread.

        Raises:
            KafkaNotReady: it ended, or did not answer in `limit_s` seconds.
            JarsMissing: Kafka itself could not be fetched.
        """
        if self.pid is not None:
            return
        command = self.prepare()
        watched = dies_with_us and threading.current_thread() is threading.main_thread()
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=True,
                preexec_fn=_die_with_parent if watched else None,
            )
        try:
            self._wait_until_it_answers(limit_s)
        except BaseException:
            self.kill()
            raise

    def prepare(self) -> list[str]:
        """Fetch the jars, write the settings, format the folder; return the broker's command.

        For a supervisor that starts and watches processes itself; `start` does this too.

        Raises:
            KafkaNotReady: the folder could not be formatted.
            JarsMissing: Kafka itself could not be fetched.
        """
        jars = jars_folder()
        self._write_settings()
        if not (self.folder / "data" / "meta.properties").exists():
            self._format(jars)
        return self._java(jars, "kafka.Kafka", str(self._settings_file))

    def stop(self, *, limit_s: float = 20.0) -> None:
        """Stop the broker in good order, and by force when it takes longer than `limit_s`."""
        self._end(signal.SIGTERM, limit_s)

    def kill(self) -> None:
        """End the broker at once (kill -9); its folder stays."""
        self._end(signal.SIGKILL, 10.0)

    def freeze(self) -> None:
        """Stop the broker (SIGSTOP): connections stay open, and nothing answers from now on."""
        self._signal(signal.SIGSTOP)
        # On a busy machine a thread may run on for a while after the signal was sent.
        while self.pid is not None and not _is_stopped(self.pid):
            time.sleep(PAUSE_S)

    def thaw(self) -> None:
        """Let a frozen broker go on."""
        self._signal(signal.SIGCONT)

    @property
    def _settings_file(self) -> Path:
        return self.folder / "server.properties"

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def _end(self, number: signal.Signals, limit_s: float) -> None:
        if self._process is None:
            return
        self._signal(number)
        self._signal(signal.SIGCONT)
        try:
            self._process.wait(limit_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _write_settings(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._settings_file.write_text(
            SETTINGS.format(
                host=HOST,
                port=self.port,
                controller_port=self._controller_port,
                data=self.folder.resolve() / "data",
            )
        )

    def _java(self, jars: Path, main: str, *arguments: str) -> list[str]:
        options = [*HEAP, f"-Dlog4j2.configurationFile={LOGGING}", "-cp", f"{jars}/*"]
        return ["java", *options, main, *arguments]

    def _format(self, jars: Path) -> None:
        tool = self._java(jars, "kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER_ID)
        told = subprocess.run(
            [*tool, "--config", str(self._settings_file)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if told.returncode != 0:
            raise KafkaNotReady(f"the folder was not formatted: {told.stdout}{told.stderr}")

    def _wait_until_it_answers(self, limit_s: float) -> None:
        ends = time.monotonic() + limit_s
        while not (_is_open(self.port) and asyncio.run(_answers(self.bootstrap))):
            if self.pid is None or time.monotonic() > ends:
                raise KafkaNotReady(f"port {self.port}: {self._last_words()}")
            time.sleep(PAUSE_S)

    def _last_words(self) -> str:
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-20:])


def free_ports(count: int) -> list[int]:
    """Return `count` ports in a row that nobody listened on a moment ago.

    They lie below those that systems give to outgoing connections: such a one would take a port
    while its server is being started again.

    Raises:
        OSError: no such row was found.
    """
    for first in random.SystemRandom().sample(PORTS, len(PORTS)):
        row = list(range(first, first + count))
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in row:
                held.enter_context(socket.socket()).bind((HOST, port))
            return row
    raise OSError(f"no {count} ports in a row are free in {PORTS}")


def _is_open(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(0.5)
        return one.connect_ex((HOST, port)) == 0


async def _answers(bootstrap: str) -> bool:
    """Return whether the broker names itself in its metadata: only then it takes records."""
    client = AIOKafkaClient(bootstrap_servers=bootstrap, request_timeout_ms=2000)
    try:
        await client.bootstrap()
        return bool(client.cluster.brokers())
    except KafkaError:
        return False
    finally:
        await client.close()


def _is_stopped(pid: int) -> bool:
    """Return whether every thread of the process is stopped."""
    threads = Path(f"/proc/{pid}/task").glob("*/stat")
    try:
        return all(told.read_text().rsplit(")", 1)[1].split()[0] == "T" for told in threads)
    except OSError:
        return False  # a thread ended while we looked


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main(wait: Callable[[], object] = signal.pause) -> None:
    """Run the broker of `make run` in the foreground until a signal comes."""
    signal.signal(signal.SIGTERM, lambda *_: None)
    kafka = LocalKafka(state_folder() / "kafka")
    kafka.start(dies_with_us=True)
    print(f"kafka {kafka.bootstrap} pid {os.getpid()}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        wait()
    kafka.stop()


if __name__ == "__main__":
    main()
