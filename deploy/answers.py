"""Health of a container that serves HTTP: ``answers.py URL`` succeeds on a 2xx within 4 s.

The Host header is the first of ALLOWED_HOSTS and the scheme is said to be https, as the proxy
in front would: Django refuses other names, and production redirects nothing.
"""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request

_SECONDS = 4


def answers(url: str, host: str) -> bool:
    """Whether a GET of ``url`` under the name ``host`` succeeds."""
    headers = {"Host": host, "X-Forwarded-Proto": "https"} if host else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 (ours, from compose)
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            return bool(200 <= answer.status < 300)
    except (urllib.error.URLError, TimeoutError):
        return False


if __name__ == "__main__":
    first_host = os.environ.get("ALLOWED_HOSTS", "").partition(",")[0].strip().lstrip(".")
    sys.exit(0 if answers(sys.argv[1], first_host) else 1)
