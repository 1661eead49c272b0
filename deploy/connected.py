"""Health of a container without a port: ``connected.py PORT`` asks the kernel for a connection.

Succeeds while some process here holds an established TCP connection to ``PORT`` anywhere.
Standard library and /proc only: loading Django for each check would cost more than the service.
"""

from __future__ import annotations

import sys
from pathlib import Path

_ESTABLISHED = "01"  # Linux: include/net/tcp_states.h


def connected(port: int, tables: tuple[Path, ...]) -> bool:
    """Whether a line of those tables (the format of /proc/net/tcp) has that remote port."""
    wanted = f":{port:04X}"
    for table in tables:
        if table.exists():
            for line in table.read_text().splitlines()[1:]:
                remote, state = line.split()[2:4]
                if remote.endswith(wanted) and state == _ESTABLISHED:
                    return True
    return False


if __name__ == "__main__":
    tables = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
    sys.exit(0 if connected(int(sys.argv[1]), tables) else 1)
