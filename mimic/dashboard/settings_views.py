"""A person's own settings: one form, saved at once."""

from __future__ import annotations

from typing import Any

from django.conf import settings as site
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.services.preferences import set_preferences
from mimic.dashboard import selectors
from mimic.dashboard.settings_forms import SettingsForm

# What `page.js` keeps of this browser's own look: saving puts the account's in its place.
LOOKS = ("mimic_theme", "mimic_vision", "mimic_rising")
A_YEAR = 31_536_000


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
def settings(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = SettingsForm(user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        return _saved(request, set_preferences(person=user, wanted=form.wanted()))
    context = {
        "section": "settings",
        "mode": selectors.mode_of(selectors.accounts_of(user.pk)),
        "form": form,
        "now": timezone.now(),
    }
    return render(request, "settings/settings.html", context, status=422 if form.is_bound else 200)


def _saved(request: HttpRequest, person: User) -> HttpResponse:
    """Back to the page, in the language chosen; the sign-in pages of this browser follow it."""
    with translation.override(person.locale):
        messages.success(request, gettext("Saved."))
    answer = redirect("settings")
    for name in LOOKS:
        answer.delete_cookie(name, samesite="Lax")
    answer.set_cookie(
        site.LANGUAGE_COOKIE_NAME,
        person.locale,
        max_age=A_YEAR,
        samesite="Lax",
        secure=site.SESSION_COOKIE_SECURE,
    )
    return answer
