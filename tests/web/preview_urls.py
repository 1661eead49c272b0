"""Pages of the preview. Names are those the real project uses, so that links are drawn."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import include, path
from django.utils import timezone

from tests.web import preview_cast as cast

View = Callable[..., HttpResponse]
QR = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'%3E"
    "%3Cpath d='M0 0h4v4H0zM5 0h4v4H5zM0 5h4v4H0z'/%3E%3C/svg%3E"
)


class Person(SimpleNamespace):
    """Somebody signed in, as the templates see them."""

    is_authenticated = True

    def __str__(self) -> str:
        return "olena@example.com"


def page(template: str, context: Callable[[], dict[str, object]] = dict, status: int = 200) -> View:
    """A view that draws a template with a fresh context, for a signed-in trader."""

    def view(request: HttpRequest, **_parts: object) -> HttpResponse:
        person = Person()
        return render(request, template, {"user": person, **context()}, status=status)

    return view


def equity(_request: HttpRequest) -> JsonResponse:
    return JsonResponse(cast.equity(timezone.now()), safe=False)


def _home() -> dict[str, object]:
    return cast.home(timezone.now())


def _signals() -> dict[str, object]:
    return _home() | {"section": "signals", "next_url": "?cursor=2"}


def _receipts() -> dict[str, object]:
    return _home() | {"section": "receipts", "csv_url": "/receipts.csv", "next_url": "?cursor=2"}


def _receipt() -> dict[str, object]:
    return {"mode": "paper", "section": "receipts", "receipt": cast.receipt(timezone.now())}


def _totp() -> dict[str, object]:
    from allauth.mfa.totp.forms import ActivateTOTPForm

    form = ActivateTOTPForm(user=None)
    return {"form": form, "totp_svg_data_uri": QR}


def _authenticate() -> dict[str, object]:
    from allauth.mfa.base.forms import AuthenticateForm

    return {"form": AuthenticateForm(user=None), "MFA_SUPPORTED_TYPES": ["totp"]}


def _codes() -> dict[str, object]:
    codes = ["12345678", "23456789", "34567890"]
    return {
        "unused_codes": codes,
        "total_count": 10,
        "can_view_codes": True,
        "can_download_codes": True,
    }


urlpatterns = [
    path("", page("home.html", _home), name="home"),
    path("empty", page("home.html", cast.empty_home)),
    path("signals", page("signals/list.html", _signals), name="signals"),
    path("leaders", page("404.html"), name="leaders"),
    path("start/paper", page("404.html"), name="start-paper"),
    path("portfolio", page("404.html"), name="portfolio"),
    path("settings", page("404.html"), name="settings"),
    path("receipts", page("receipts/list.html", _receipts), name="receipts"),
    path("receipts/<uuid:public_id>", page("receipts/detail.html", _receipt), name="receipt"),
    path("style", page("web/style.html", cast.style)),
    path("equity.json", equity),
    path("totp", page("mfa/totp/activate_form.html", _totp)),
    path("authenticate", page("mfa/authenticate.html", _authenticate)),
    path("codes", page("mfa/recovery_codes/index.html", _codes)),
    *(path(f"error/{code}", page(f"{code}.html")) for code in (403, 404, 429, 500, 503)),
    path("accounts/", include("allauth.urls")),
    *staticfiles_urlpatterns(),
]
