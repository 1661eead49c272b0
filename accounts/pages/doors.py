"""allauth's pages that anybody may open, with the policy that a foreign puzzle needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.challenges import captchas

View = Callable[..., HttpResponse]


def _with_puzzle(view: View) -> View:
    """Only where the settings name a service does the page let its scripts in."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = view(request, *args, **kwargs)
        captcha = captchas.in_use()
        if captcha is not None:
            allowed = list(captcha.sources)
            names = ("script-src", "frame-src", "style-src", "connect-src")
            answer._csp_update = dict.fromkeys(names, allowed)  # type: ignore[attr-defined]
        return answer

    return page


class LoginView(views.LoginView):  # type: ignore[misc]
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "telegram": bool(settings.TELEGRAM_BOT_TOKEN)}


login = _with_puzzle(LoginView.as_view())
signup = _with_puzzle(views.signup)
password_reset = _with_puzzle(views.password_reset)
