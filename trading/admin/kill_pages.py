"""The pages of the kill switches: set one after a preview, follow a flatten, change or lift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mimic.console.actions import ConfirmForm
from mimic.console.display import show_label, show_price
from mimic.core.errors import Forbidden, MimicError
from trading.admin.account_actions import operator_of
from trading.admin.kill_forms import LIFT, ChangeForm, ReachForm
from trading.guards.kill import change_kill_switch, lift_kill_switch, set_kill_switch
from trading.guards.selectors import in_force, legs_to_show, reach_of, with_progress
from trading.models import FlattenLeg, KillEffect, KillScope, KillSwitch, LegState

if TYPE_CHECKING:
    from trading.admin.kill import KillSwitchAdmin

LEGS_ON_PAGE = 100
REFRESH_SECONDS = 2
TARGETS = [scope.value for scope in KillScope if scope != KillScope.PLATFORM]


TONES = {
    LegState.DONE: "up",
    LegState.FAILED: "down",
    LegState.CLOSING: "info",
    LegState.PLANNED: "warn",
}


class LegRow(NamedTuple):
    """A leg with its figures as people read them."""

    leg: FlattenLeg
    state: str
    held: str
    closed: str
    price: str


class Counts(NamedTuple):
    """Legs of a switch. ``failed`` ones are tried again while the switch flattens."""

    legs: int
    ended: int
    failed: int
    at_work: int


def counts_of(switch: Any) -> Counts:
    """Of a switch out of :func:`trading.guards.selectors.with_progress`."""
    return Counts(switch.legs_all, switch.legs_done, switch.legs_failed, switch.legs_at_work)


def state_label(leg: FlattenLeg) -> str:
    return show_label(leg.get_state_display(), TONES.get(LegState(leg.state), "neutral"))


def block_opens(admin: KillSwitchAdmin, request: HttpRequest) -> HttpResponse:
    """The one page for bad minutes: reason, fresh code, and no follower opens anything."""
    _only_operators(admin, request)
    form = ConfirmForm(request)
    if request.method == "POST" and form.is_valid():
        _set(admin, request, KillScope.PLATFORM, "", KillEffect.BLOCK_OPENS, form)
        return HttpResponseRedirect(reverse("admin:trading_killswitch_changelist"))
    context = {
        **_page(admin, request, _("Block all opens")),
        "form": form,
        "in_force": KillSwitch.objects.filter(scope=KillScope.PLATFORM, lifted_at=None).first(),
    }
    return TemplateResponse(request, "admin/block_opens.html", context)


def console(admin: KillSwitchAdmin, request: HttpRequest) -> HttpResponse:
    """What is in force; scope, target and effect by GET; then a preview with the confirmation."""
    _only_operators(admin, request)
    chosen = ReachForm(request.GET if "scope" in request.GET else None)
    confirm = ConfirmForm(request)
    context = {**_page(admin, request, _("Kill switches")), "chosen": chosen, "targets": TARGETS}
    if chosen.is_valid():
        scope, target = KillScope(chosen.cleaned_data["scope"]), chosen.cleaned_data["target"]
        effect = KillEffect(chosen.cleaned_data["effect"])
        if request.method == "POST" and confirm.is_valid():
            switch = _set(admin, request, scope, target, effect, confirm)
            if switch is not None:
                return _to_progress(switch)
        context |= {
            "title": effect.label,
            "reach": reach_of(scope=scope, target=target),
            "effect": effect,
            "form": confirm,
        }
    context["switches"] = [(switch, counts_of(switch)) for switch in in_force()]
    return TemplateResponse(request, "admin/kill_console.html", context)


def progress(admin: KillSwitchAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """How a switch goes: its changes, its legs; renewed by itself while legs are at work."""
    if not admin.has_view_permission(request):
        raise Forbidden
    switch = _found(pk)
    counts = counts_of(switch)
    standing = switch.lifted_at is None
    legs = reverse("admin:trading_flattenleg_changelist")
    query = f"?switch__id__exact={switch.pk}"
    context = {
        **_page(admin, request, str(switch)),
        "switch": switch,
        "counts": counts,
        "reach": reach_of(scope=KillScope(switch.scope), target=switch.target)
        if standing
        else None,
        "rows": [_row(leg) for leg in legs_to_show(switch_id=switch.pk, limit=LEGS_ON_PAGE)],
        "events": switch.events.select_related("by"),
        "refresh": REFRESH_SECONDS if counts.at_work or (standing and counts.failed) else None,
        "all_legs": legs + query,
        "csv": reverse("admin:trading_flattenleg_export", args=["csv"]) + query,
        "may_alter": standing and admin.has_operate_permission(request),
    }
    return TemplateResponse(request, "admin/kill_progress.html", context)


def alter(admin: KillSwitchAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Another effect or the end, with a reason and a fresh code."""
    _only_operators(admin, request)
    switch = _found(pk)
    form = ChangeForm(request, switch.effect)
    if request.method == "POST" and form.is_valid():
        _alter(admin, request, switch, form)
        return _to_progress(switch)
    context = {
        **_page(admin, request, str(switch)),
        "switch": switch,
        "reach": reach_of(scope=KillScope(switch.scope), target=switch.target),
        "form": form,
        "back": reverse("admin:trading_kill_progress", args=[switch.pk]),
    }
    return TemplateResponse(request, "admin/kill_alter.html", context)


def _row(leg: FlattenLeg) -> LegRow:
    figures = (show_price(leg.held), show_price(leg.closed), show_price(leg.price))
    return LegRow(leg, state_label(leg), *figures)


def _set(
    admin: KillSwitchAdmin,
    request: HttpRequest,
    scope: KillScope,
    target: str,
    effect: KillEffect,
    form: ConfirmForm,
) -> KillSwitch | None:
    """None if the command refused; the person is told either way."""
    reason = form.cleaned_data["reason"]
    try:
        switch = set_kill_switch(
            scope=scope, target=target, reason=reason, by=operator_of(request),
            now=timezone.now(), effect=effect,
        )  # fmt: skip
    except MimicError as error:
        _refused(admin, request, error)
        return None
    admin.log_addition(request, switch, f"{effect.value}: {reason}")
    said = gettext("In force: %(switch)s.") % {"switch": switch}
    admin.message_user(request, said, messages.WARNING)
    return switch


def _alter(
    admin: KillSwitchAdmin, request: HttpRequest, switch: KillSwitch, form: ChangeForm
) -> None:
    wanted, reason = form.cleaned_data["effect"], form.cleaned_data["reason"]
    by, now = operator_of(request), timezone.now()
    try:
        if wanted == LIFT:
            lift_kill_switch(switch=switch, reason=reason, by=by, now=now)
        else:
            effect = KillEffect(wanted)
            change_kill_switch(switch=switch, effect=effect, reason=reason, by=by, now=now)
    except MimicError as error:
        _refused(admin, request, error)
        return
    admin.log_change(request, switch, f"{wanted}: {reason}")
    admin.message_user(request, gettext("Changed."), messages.WARNING)


def _refused(admin: KillSwitchAdmin, request: HttpRequest, error: MimicError) -> None:
    text = f"{gettext(str(error.title))}: {error.detail}".rstrip(": ")
    admin.message_user(request, text, messages.ERROR)


def _found(pk: int) -> KillSwitch:
    switch = with_progress(KillSwitch.objects.filter(pk=pk)).select_related("set_by").first()
    if switch is None:
        raise Http404
    return switch


def _only_operators(admin: KillSwitchAdmin, request: HttpRequest) -> None:
    if not admin.has_operate_permission(request):
        raise Forbidden


def _to_progress(switch: KillSwitch) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:trading_kill_progress", args=[switch.pk]))


def _page(admin: KillSwitchAdmin, request: HttpRequest, title: Any) -> dict[str, Any]:
    return {
        **admin.admin_site.each_context(request),
        "title": title,
        "opts": admin.opts,
        "back": reverse("admin:trading_killswitch_changelist"),
    }
