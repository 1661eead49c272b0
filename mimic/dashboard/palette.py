"""What Ctrl+K finds besides pages: a person's copies and exchange accounts."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from trading.copying.copies_selectors import copies_of_person
from trading.execution.connections import accounts_of_person

MOST = 200


@login_required
@require_GET
@never_cache
def palette(request: HttpRequest) -> JsonResponse:
    """``{"items": [{"label", "note", "url", "icon"}]}``, copies first; the browser filters."""
    user: Any = request.user
    copies = [
        _item(row.strategy.name, row.account.label, "copy", "copy-settings", row.public_id)
        for row in copies_of_person(user.pk)[:MOST]
    ]
    accounts = [
        _item(row.label, row.venue.name, "key-round", "exchange-account", row.public_id)
        for row in accounts_of_person(user.pk)[:MOST]
    ]
    return JsonResponse({"items": copies + accounts})


def _item(label: str, note: str, icon: str, route: str, public_id: object) -> dict[str, str]:
    return {"label": label, "note": note, "icon": icon, "url": reverse(route, args=[public_id])}
