from __future__ import annotations

import functools
import re
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ops.processes import PYTHON, ROOT

SIGNERS = {"worker-trading", "worker-closes", "sentinel", "stream"}
OTHERS = {"web", "ingest", "worker-default", "worker-bulk", "beat", "migrate"}
SECRETS = ("PASSWORD", "SECRET_KEY", "TOKEN_PEPPER", "MASTER_KEYS", "PASSPHRASE", "METRICS_TOKEN")


@functools.cache
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return found


def test_every_process_of_the_architecture_has_a_service() -> None:
    assert set(services()) == SIGNERS | OTHERS | {"postgres", "redis"}


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_a_process_that_does_not_sign_never_gets_the_master_keys(name: str) -> None:
    assert "MASTER_KEYS" not in str(services()[name])


@pytest.mark.parametrize("name", sorted(SIGNERS))
def test_a_process_that_signs_gets_the_master_keys(name: str) -> None:
    assert services()[name]["environment"]["MASTER_KEYS"] == "${MASTER_KEYS:?}"


@pytest.mark.parametrize(
    "name", sorted(SIGNERS | {"ingest", "worker-default", "worker-bulk", "beat"})
)
def test_workers_and_ingest_keep_a_connection_a_thread_instead_of_a_pool(name: str) -> None:
    assert services()[name]["environment"]["DB_POOL"] == "false"


@pytest.mark.parametrize("name", sorted(SIGNERS | OTHERS))
def test_no_secret_stands_in_the_file(name: str) -> None:
    for variable, value in services()[name]["environment"].items():
        if any(word in variable for word in SECRETS):
            assert re.fullmatch(r"\$\{\w+:[?-]\}", value), variable


@pytest.mark.parametrize("name", sorted(SIGNERS | OTHERS | {"postgres", "redis"}))
def test_every_lasting_service_has_a_health_check(name: str) -> None:
    assert ("healthcheck" in services()[name]) is (name != "migrate")


@pytest.mark.parametrize("name", sorted(SIGNERS | OTHERS))
def test_our_processes_run_without_privileges(name: str) -> None:
    service = services()[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True
    assert "privileged" not in service


@pytest.mark.parametrize("queue", ["trading", "closes", "default", "bulk"])
def test_each_queue_has_a_worker_of_its_own(queue: str) -> None:
    command = services()[f"worker-{queue}"]["command"]
    assert command[command.index("-Q") + 1] == queue


def test_web_speaks_asgi_and_ingest_wsgi() -> None:
    assert services()["web"]["command"][:2] == ["uvicorn", "mimic.asgi:application"]
    assert services()["ingest"]["command"][:3] == ["granian", "--interface", "wsgi"]
    assert services()["ingest"]["command"][-1] == "mimic.wsgi:application"


def test_the_sentinel_starts_without_redis() -> None:
    assert "redis" not in services()["sentinel"]["depends_on"]


def test_no_port_is_open_to_other_machines() -> None:
    ports = [port for service in services().values() for port in service.get("ports", [])]
    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_example_environment_names_every_variable_that_compose_asks_for() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?\}", (ROOT / "docker-compose.yml").read_text()))
    offered = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert asked <= offered


def test_the_image_runs_as_an_ordinary_user_from_a_second_stage() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert sum(line.startswith("FROM ") for line in lines) == 2
    assert [line for line in lines if line.startswith("USER ")] == ["USER mimic"]


@pytest.mark.parametrize(
    ("port", "state", "healthy"), [(5432, "01", True), (5432, "06", False), (6379, "01", False)]
)
def test_a_portless_process_is_healthy_while_it_holds_its_connection(
    tmp_path: Path, port: int, state: str, healthy: bool
) -> None:
    table = tmp_path / "tcp"
    table.write_text(f"sl local rem st\n0: 0100007F:A1B2 0200007F:{port:04X} {state} 0:0\n")
    script = (
        "import sys, pathlib; sys.path.insert(0, 'deploy'); import connected;"
        f"sys.exit(not connected.connected(5432, (pathlib.Path({str(table)!r}),)))"
    )
    assert (subprocess.run([PYTHON, "-c", script], cwd=ROOT).returncode == 0) is healthy


class Greeter(BaseHTTPRequestHandler):
    """Serves one host name, as Django does."""

    def do_GET(self) -> None:
        self.send_response(204 if self.headers["Host"] == "mimic.example" else 400)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def greeter() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Greeter) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.parametrize(("host", "healthy"), [("mimic.example,x", True), ("other", False)])
def test_a_server_is_healthy_when_it_answers_under_its_public_name(
    greeter: str, host: str, healthy: bool
) -> None:
    argv = [PYTHON, "deploy/answers.py", greeter]
    result = subprocess.run(argv, cwd=ROOT, env={"ALLOWED_HOSTS": host})
    assert (result.returncode == 0) is healthy
