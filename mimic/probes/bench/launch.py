"""``make bench``: the fan-out measured through the real pipeline, next to its reference line.

No Django in here. ``--followers 1000`` narrows it to one size. Writes var/bench/fanout.json.
"""

from __future__ import annotations

import shutil
import subprocess

from mimic.ops.embedded import Embedded, Supervisor
from mimic.probes.processes import free_port, processes
from mimic.probes.surroundings import PYTHON, ROOT, fresh_environment, manage, start_simulator

HOME = ROOT / "var" / "bench"
STATEMENTS = {"shared_preload_libraries": "pg_stat_statements"}
NEEDED = ("worker-trading", "sentinel")  # the sentinel collects fills


def run(arguments: list[str]) -> int:
    """The exit code of the measuring command."""
    shutil.rmtree(HOME / "servers", ignore_errors=True)
    pair = Embedded(HOME / "servers", settings=STATEMENTS)
    with pair, Supervisor(HOME / "log") as supervisor:
        supervisor.heed_signals()
        simulator = start_simulator(supervisor)
        environment = fresh_environment(pair, simulator, free_port())
        environment["DB_POOL"] = "false"
        manage(environment, "migrate", "-v", "0")
        pids = []
        for process in processes(0):
            if process.name in NEEDED:
                supervisor.start(process.name, process.argv, env=process.environment(environment))
                if process.name == "worker-trading":
                    pids.append(str(supervisor.pid(process.name)))
        command = [PYTHON, "manage.py", "bench_drive", "--simulator", simulator]
        command += ["--workers", ",".join(pids), "--report", str(HOME / "fanout.json")]
        return subprocess.call([*command, *arguments], cwd=ROOT, env=environment)
