"""A passkey in place of a code: pressed on the page of the deed, spent with the deed's form.

``POST`` of ``{}`` answers what the browser is to ask the passkey (WebAuthn's request options);
``POST`` of the passkey's answer gives ``{"proof": "pk_…"}``, which for a minute stands for a code.
"""

from __future__ import annotations

from typing import Any

from allauth.mfa.webauthn.internal import auth
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import services
from accounts.forms import ProofForm
from accounts.models import User
from accounts.selectors import passkeys_of
from mimic.core.errors import NotAuthenticated, TooManyRequests
from mimic.core.limits import Ask, Limit, judge

_NOTHING = b"{}"
PER_PERSON = Limit("passkey-proof", most=20, seconds=60, alone=5)


@require_POST
@never_cache
def proof(request: HttpRequest) -> JsonResponse:
    """Raises NotAuthenticated, TooManyRequests, SecondFactorMissing, SecondFactorRefused."""
    user: Any = request.user
    if not user.is_authenticated:
        raise NotAuthenticated
    (standing,) = judge([Ask(PER_PERSON, str(user.pk))])
    if not standing.allowed:
        raise TooManyRequests(retry_after=-(-standing.wait_ms // 1_000))
    if not passkeys_of(user).exists():
        raise services.SecondFactorMissing
    if request.body == _NOTHING:
        return JsonResponse(auth.begin_authentication(user))
    try:
        return JsonResponse({"proof": _proof(user, request.body)})
    except services.SecondFactorRefused:
        services.note_passkey_refused(user=user, at="deed")
        raise


def _proof(user: User, answer: bytes) -> str:
    state: dict[str, Any] = auth.get_state() or {}
    form = ProofForm(user=user, data={"credential": answer.decode(errors="replace")})
    if not form.is_valid():
        raise services.SecondFactorRefused
    return services.issue_proof(
        authenticator=form.cleaned_data["credential"],
        challenge=str(state.get("challenge")),
        now=timezone.now(),
    )
