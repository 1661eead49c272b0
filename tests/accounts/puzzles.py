"""What a browser does with the puzzle of a page."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import unescape
from typing import Any

from django.test import Client
from django.urls import reverse


def posed(page: Any) -> dict[str, Any] | None:
    """The puzzle of the page; None if it poses none."""
    found = re.search(r'data-work="([^"]+)"', page.text)
    return json.loads(unescape(found[1])) if found else None


def solution(puzzle: dict[str, Any]) -> str:
    numbers = range(puzzle["maxnumber"])
    start = hashlib.sha256(puzzle["salt"].encode())

    def fits(number: int) -> bool:
        tried = start.copy()
        tried.update(str(number).encode())
        return bool(tried.hexdigest() == puzzle["challenge"])

    number = next(number for number in numbers if fits(number))
    told = {**puzzle, "number": number}
    return base64.b64encode(json.dumps(told).encode()).decode()


def try_to_sign_in(browser: Client, login: str, password: str) -> Any:
    """As the page does it: the puzzle is solved where there is one."""
    puzzle = posed(browser.get(reverse("account_login")))
    given = {"login": login, "password": password}
    if puzzle:
        given["work"] = solution(puzzle)
    return browser.post(reverse("account_login"), given)
