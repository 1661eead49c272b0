"""Where a person is signed in: browsers and programs, and ending what they do not know."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.models import EndedBy
from accounts.program_selectors import sign_ins_of
from accounts.selectors import browsers_of
from accounts.services.sessions import end_other_sessions, end_session
from accounts.tokens.families import end_family


@login_required
@require_GET
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    context = {
        "browsers": browsers_of(user, timezone.now()),
        "programs": sign_ins_of(user.pk, timezone.now()),
        "current": request.session.session_key,
    }
    return render(request, "security/sessions.html", context)


@login_required
@require_POST
def end(request: HttpRequest, session_id: UUID) -> HttpResponse:
    user: Any = request.user
    rows = browsers_of(user, timezone.now())
    end_session(session=get_object_or_404(rows, public_id=session_id))
    messages.success(request, gettext("Signed out there."))
    return redirect("sessions")


@login_required
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    ended = end_other_sessions(user=user, keep=request.session.session_key)
    text = ngettext("%(n)d other browser was signed out.", "%(n)d other browsers were signed out.",
                    ended)  # fmt: skip
    messages.success(request, text % {"n": ended})
    return redirect("sessions")


@login_required
@require_POST
def end_program(request: HttpRequest, sign_in_id: UUID) -> HttpResponse:
    user: Any = request.user
    rows = sign_ins_of(user.pk, timezone.now())
    family = get_object_or_404(rows, public_id=sign_in_id)
    end_family(family=family, by=EndedBy.PERSON, now=timezone.now())
    messages.success(request, gettext("The program is signed out."))
    return redirect("sessions")
