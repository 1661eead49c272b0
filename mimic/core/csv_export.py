"""CSV as every table exports it: ISO UTC times, plain numbers, formulas defused."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Protocol

from django.http import StreamingHttpResponse

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Beginnings that a spreadsheet computes, full-width forms included (OWASP, CSV injection)."""


class _Echo:
    """A file that gives back what is written, so that lines can be streamed."""

    def write(self, line: str) -> str:
        return line


class _Writer(Protocol):
    def writerow(self, row: Iterable[str], /) -> str: ...


def csv_lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Each row as one CSV line. A spreadsheet runs none of them as a formula (OWASP)."""
    writer: _Writer = csv.writer(_Echo())
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def csv_answer(filename: str, rows: Iterable[Iterable[object]]) -> StreamingHttpResponse:
    """A download of :func:`csv_lines`; the first row names the columns."""
    answer = StreamingHttpResponse(csv_lines(rows), content_type="text/csv")
    answer["Content-Disposition"] = f'attachment; filename="{filename}"'
    return answer


def cell(value: object) -> str:
    """One value as text. Numbers keep their minus: they are ours, and start no formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return format(value, "f")
    text = str(value)
    if text.startswith(FORMULA) and not isinstance(value, int | float):
        return f"'{text}"
    return text
