from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from mimic.ops.embedded import Embedded, InstanceInUse
from tests.ops.processes import PYTHON, ROOT, alive, eventually, running


def sentinel_command(home: Path, marker: Path) -> list[str]:
    """A supervisor whose command writes its pid and sleeps."""
    script = f"echo $$ > {marker}; exec sleep 60"
    return [
        *(PYTHON, "-m", "mimic.ops.embedded", "run", "--volatile", "--home", str(home)),
        *("--", "sh", "-c", script),
    ]


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The command line, running in ``tmp_path/home``; its command's pid is in ``tmp_path/pid``."""
    argv = sentinel_command(tmp_path / "home", tmp_path / "pid")
    process = subprocess.Popen(argv, cwd=ROOT)
    yield process
    process.kill()
    process.wait()


def told_pid(folder: Path) -> int:
    marker = folder / "pid"
    assert eventually(lambda: marker.exists() and marker.read_text().strip() != "")
    return int(marker.read_text())


def write_row(pair: Embedded, value: str) -> None:
    with psycopg.connect(pair.database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (text text)")
        connection.execute("INSERT INTO note VALUES (%s)", [value])


def read_rows(pair: Embedded) -> list[str]:
    with psycopg.connect(pair.database_url) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM note ORDER BY text")]


def test_both_servers_answer_and_are_gone_afterwards(tmp_path: Path) -> None:
    with Embedded(tmp_path / "home", durable=False) as pair:
        with psycopg.connect(pair.database_url) as connection:
            assert connection.info.server_version >= 180000
            assert connection.info.encoding == "utf-8"
        with redis.Redis.from_url(pair.redis_url) as client:
            assert client.ping()
        assert running(str(tmp_path / "home"), "postgres")
    assert not running(str(tmp_path / "home"), "postgres")
    assert not (tmp_path / "home" / "database_url").exists()


def test_redis_refuses_whoever_does_not_know_the_password(tmp_path: Path) -> None:
    with Embedded(tmp_path / "home", durable=False) as pair:
        address = pair.redis_url.rpartition("@")[2]
        with (
            redis.Redis.from_url(f"redis://{address}") as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()


def test_a_durable_instance_keeps_what_both_servers_were_told(tmp_path: Path) -> None:
    with Embedded(tmp_path / "home") as pair:
        write_row(pair, "kept")
        with redis.Redis.from_url(pair.redis_url) as client:
            client.set("note", "kept")
    with Embedded(tmp_path / "home") as pair:
        assert read_rows(pair) == ["kept"]
        with redis.Redis.from_url(pair.redis_url) as client:
            assert client.get("note") == b"kept"


def test_two_clones_run_side_by_side(tmp_path: Path) -> None:
    first, second = (Embedded(tmp_path / name, durable=False) for name in ("one", "two"))
    with first, second:
        write_row(first, "first")
        write_row(second, "second")
        assert (read_rows(first), read_rows(second)) == (["first"], ["second"])
        assert first.redis_url != second.redis_url


def test_a_deep_folder_is_no_obstacle_to_the_socket(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-rather-long-folder-name"] * 6)
    with Embedded(deep, durable=False) as pair:
        write_row(pair, "reached")


def test_a_folder_in_use_names_its_holder_and_the_next_one_is_taken(tmp_path: Path) -> None:
    with Embedded(tmp_path / "home", durable=False):
        with pytest.raises(InstanceInUse, match=str(os.getpid())):
            Embedded(tmp_path / "home", durable=False).start()
        neighbour = Embedded.first_free(tmp_path / "home", durable=False)
        neighbour.stop()
        assert neighbour.home == tmp_path / "home-2"


def test_a_killed_supervisor_leaves_no_server_and_no_command(
    tmp_path: Path, supervisor: subprocess.Popen[bytes]
) -> None:
    command = told_pid(tmp_path)
    home = str(tmp_path / "home")
    servers = running(home, "postgres") | running_valkey(tmp_path / "home")
    assert len(servers) >= 2
    supervisor.kill()
    assert eventually(lambda: not alive(command))
    assert eventually(lambda: not any(map(alive, servers)))


def running_valkey(home: Path) -> set[int]:
    address = (home / "redis_url").read_text().rpartition("@")[2].partition("/")[0]
    return running("valkey-server", address)


def test_after_a_kill_the_next_start_waits_for_the_old_server_and_finds_its_data(
    tmp_path: Path, supervisor: subprocess.Popen[bytes]
) -> None:
    told_pid(tmp_path)
    url = (tmp_path / "home" / "database_url").read_text()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE note (text text)")
        connection.execute("INSERT INTO note VALUES ('before')")
    supervisor.kill()
    supervisor.wait()
    with Embedded(tmp_path / "home", durable=False) as pair:
        assert read_rows(pair) == ["before"]


def test_a_pid_file_that_names_another_program_is_cleared(tmp_path: Path) -> None:
    with Embedded(tmp_path / "home", durable=False) as pair:
        write_row(pair, "kept")
    stale = f"{os.getppid()}\n{tmp_path / 'home' / 'postgres'}\n"
    (tmp_path / "home" / "postgres" / "postmaster.pid").write_text(stale)
    with Embedded(tmp_path / "home", durable=False) as pair:
        assert read_rows(pair) == ["kept"]


def test_a_cluster_whose_making_was_interrupted_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "home" / "postgres.new" / "base").mkdir(parents=True)
    with Embedded(tmp_path / "home", durable=False) as pair:
        write_row(pair, "made")


def test_valkey_comes_back_at_the_same_address(tmp_path: Path) -> None:
    with Embedded(tmp_path / "home", durable=False) as pair:
        before = pair.redis_url
        pair.valkey.stop()
        with redis.Redis.from_url(before) as client:
            with pytest.raises(redis.ConnectionError):
                client.ping()
            pair.valkey.start()
            assert client.ping()
        assert pair.redis_url == before


@pytest.mark.parametrize("code", [0, 7])
def test_the_command_line_ends_with_its_commands_exit_code(tmp_path: Path, code: int) -> None:
    argv = [PYTHON, "-m", "mimic.ops.embedded", "run", "--volatile", "--home", str(tmp_path)]
    script = f'test -n "$DATABASE_URL" && test -n "$REDIS_URL" && exit {code}'
    assert subprocess.run([*argv, "--", "sh", "-c", script], cwd=ROOT).returncode == code


def test_sigterm_ends_the_command_and_then_the_servers(
    tmp_path: Path, supervisor: subprocess.Popen[bytes]
) -> None:
    command = told_pid(tmp_path)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(20) == 128 + signal.SIGTERM
    time.sleep(0.1)
    assert not alive(command)
    assert not running(str(tmp_path / "home"), "postgres")
