"""The way back to one's own eyes."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.services import impersonation


@login_required
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    impersonation.end(request=request, why="asked")
    return redirect("admin:accounts_user_changelist" if request.user.is_staff else "home")
