"""Turnstile and hCaptcha: somebody else's puzzle, where an operator has a key for it.

Both are asked alike (developers.cloudflare.com/turnstile/get-started/server-side-validation,
docs.hcaptcha.com): ``POST secret, response, remoteip`` → ``{"success": true, "hostname": …}``.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from django.conf import settings

logger = logging.getLogger(__name__)
_PATIENCE_SECONDS: Final = 4.0
LONGEST: Final = 8_192  # characters of a token; theirs have up to a few thousand


@dataclass(frozen=True, slots=True)
class Captcha:
    """``css_class`` is where its script draws, ``field`` what it fills; ``sources`` is what the
    page's policy must allow for it.
    """

    script: str
    css_class: str
    field: str
    verify_url: str
    sources: tuple[str, ...]

    @property
    def site_key(self) -> str:
        """Ours, as its script wants it beside the puzzle."""
        return str(settings.CAPTCHA_SITE_KEY)


CAPTCHAS: Final = {
    "turnstile": Captcha(
        script="https://challenges.cloudflare.com/turnstile/v0/api.js",
        css_class="cf-turnstile",
        field="cf-turnstile-response",
        verify_url="https://challenges.cloudflare.com/turnstile/v0/siteverify",
        sources=("https://challenges.cloudflare.com",),
    ),
    "hcaptcha": Captcha(
        script="https://js.hcaptcha.com/1/api.js",
        css_class="h-captcha",
        field="h-captcha-response",
        verify_url="https://api.hcaptcha.com/siteverify",
        sources=("https://hcaptcha.com", "https://*.hcaptcha.com"),
    ),
}


def in_use() -> Captcha | None:
    """The one that the settings have a key for."""
    return CAPTCHAS[settings.CAPTCHA_KIND] if settings.CAPTCHA_KIND else None


def passed(captcha: Captcha, token: str, address: str) -> bool:
    """What the service says; False also when it does not answer: nobody gets in by its failing."""
    if not token or len(token) > LONGEST:
        return False
    asked = {"secret": settings.CAPTCHA_SECRET, "response": token, "remoteip": address}
    url = settings.CAPTCHA_VERIFY_URL or captcha.verify_url
    try:
        answer = httpx.post(url, data=asked, timeout=_PATIENCE_SECONDS)
        told: Any = answer.json()
    except (httpx.HTTPError, ValueError) as fault:
        logger.warning("captcha not checked", extra={"fault": type(fault).__name__})
        return False
    if not isinstance(told, dict) or answer.status_code != httpx.codes.OK:
        return False
    ours = urlsplit(settings.SITE_URL).hostname
    return told.get("success") is True and told.get("hostname", ours) == ours
