#!/usr/bin/env python
"""Django's command line. Commands that need servers get embedded ones when none are configured."""

import os
import sys

WITH_SERVERS = {"demo", "dev", "bench", "bench-attack", "bench-sockets", "bench-truth"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mimic.settings")
    if sys.argv[1:2] and sys.argv[1] in WITH_SERVERS:
        from mimic.probes.launch import run

        sys.exit(run(sys.argv[1], sys.argv[2:]))
    from django.core.management import execute_from_command_line

    import mimic.celery  # noqa: F401  (jobs are enqueued through its app)

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
