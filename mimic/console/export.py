"""A list as CSV or XLSX, with the filters that are on.

Rows are read by key in chunks, so neither memory nor one long statement grows with the table.
Times are ISO 8601 in UTC. Text that a spreadsheet would run as a formula is disarmed (OWASP, "CSV
injection").
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from asgiref.sync import sync_to_async
from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import label_for_field, lookup_field
from django.core.handlers.asgi import ASGIRequest
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from openpyxl import Workbook

from mimic.core.csv_export import FORMULA

CHUNK = 1_000
XLSX_ROWS = 100_000  # a workbook is built whole before it is sent
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Admin: TypeAlias = "ModelAdmin[Any]"


def cell(value: object) -> str | int | Decimal:
    """One value, safe to open in a spreadsheet."""
    if isinstance(value, tuple) and value:  # Unfold's label columns return (key, text)
        value = value[-1]
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value).lower()
    if isinstance(value, int | Decimal):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    text = strip_tags(value) if isinstance(value, SafeString) else str(value)
    return f"'{text}" if text.startswith(FORMULA) and not _is_number(text) else text


def export(
    admin: Admin, request: HttpRequest, queryset: QuerySet[Any], names: Sequence[str], kind: str
) -> HttpResponseBase:
    """The download. ``kind`` is ``csv`` (streamed, unlimited) or ``xlsx`` (first 100,000 rows)."""
    header = [cell(str(label_for_field(name, admin.model, admin))) for name in names]
    rows = _rows(admin, queryset, names)
    filename = f"{admin.model._meta.model_name}.{kind}"
    response = _workbook(header, rows) if kind == "xlsx" else _stream(request, header, rows)
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def _rows(
    admin: Admin, queryset: QuerySet[Any], names: Sequence[str]
) -> Iterator[list[list[str | int | Decimal]]]:
    last: Any = None
    while True:
        chunk = (
            queryset.order_by("pk") if last is None else queryset.order_by("pk").filter(pk__gt=last)
        )
        found: list[Model] = list(chunk[:CHUNK])
        if found:
            admin.prepare(found)  # type: ignore[attr-defined]
            yield [[cell(lookup_field(name, row, admin)[2]) for name in names] for row in found]
        if len(found) < CHUNK:
            return
        last = found[-1].pk


def _stream(request: HttpRequest, header: list[Any], rows: Iterable[list[Any]]) -> HttpResponseBase:
    text = _csv(header, rows)
    # Django would gather a plain iterator whole under ASGI.
    body = _in_thread(text) if isinstance(request, ASGIRequest) else text
    return StreamingHttpResponse(body, content_type="text/csv; charset=utf-8")


def _csv(header: list[Any], chunks: Iterable[list[Any]]) -> Iterator[bytes]:
    yield _lines([header])
    for chunk in chunks:
        yield _lines(chunk)


def _lines(rows: Iterable[Sequence[Any]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()


async def _in_thread(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (chunk := await sync_to_async(lambda: next(chunks, None))()) is not None:
        yield chunk


def _workbook(header: list[Any], chunks: Iterable[list[Any]]) -> HttpResponse:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(header)
    written = 0
    for chunk in chunks:
        for row in chunk[: XLSX_ROWS - written]:
            sheet.append(row)
        written += len(chunk)
        if written >= XLSX_ROWS:
            break
    buffer = io.BytesIO()
    book.save(buffer)
    return HttpResponse(buffer.getvalue(), content_type=_XLSX)


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False
