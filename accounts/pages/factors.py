"""A person's own second factors: what there is, taking one away, recovery codes."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts import services
from accounts.pages.step_up import proved_recently
from accounts.selectors import recovery_codes_left, second_factor_of

NOTICES = {
    Authenticator.Type.TOTP: "mfa/email/totp_deactivated",
    Authenticator.Type.WEBAUTHN: "mfa/email/webauthn_removed",
}
"""The mail that tells a person what was taken away."""


@login_required
@require_GET
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    factors = Authenticator.objects.filter(user=user).exclude(
        type=Authenticator.Type.RECOVERY_CODES
    )
    kinds: dict[str, list[Authenticator]] = {}
    for each in factors.order_by("created_at"):
        kinds.setdefault(each.type, []).append(each)
    context = {
        "apps": kinds.get(Authenticator.Type.TOTP, []),
        "passkeys": kinds.get(Authenticator.Type.WEBAUTHN, []),
        "codes_left": recovery_codes_left(user),
    }
    return render(request, "security/factors.html", context)


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
@proved_recently
def remove(request: HttpRequest, authenticator_id: int) -> HttpResponse:
    user: Any = request.user
    theirs = Authenticator.objects.filter(user=user, type__in=NOTICES)
    chosen = get_object_or_404(theirs, pk=authenticator_id)
    if request.method != "POST":
        return render(request, "security/factor_remove.html", {"factor": chosen})
    try:
        removed = services.remove_factor(user=user, authenticator_id=chosen.pk)
    except services.LastFactor as refusal:
        messages.error(request, gettext(refusal.title))
        return redirect("mfa_index")
    if removed is not None:
        get_adapter(request).send_notification_mail(NOTICES[Authenticator.Type(removed.type)], user)
        messages.success(request, gettext("Removed."))
    return redirect("mfa_index")


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
@proved_recently
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """The codes are in the answer to POST and nowhere else."""
    user: Any = request.user
    if second_factor_of(user) is None:
        raise Http404
    codes = []
    if request.method == "POST":
        codes = services.make_recovery_codes(user=user)
        get_adapter(request).send_notification_mail("mfa/email/recovery_codes_generated", user)
    context = {"codes": codes, "codes_left": recovery_codes_left(user)}
    return render(request, "security/recovery_codes.html", context)
