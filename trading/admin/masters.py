"""Master accounts and what they did, in the console."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.postgres.forms import SimpleArrayField
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from mimic.console.actions import object_action
from mimic.console.base import BaseAdmin, ReadOnlyAdmin
from mimic.console.display import NOTHING, show_label, show_price
from mimic.core.errors import MimicError
from trading.admin.account_actions import operator_of
from trading.copying.masters.connecting import (
    Change,
    Rules,
    change_master,
    check_master,
    connect_master,
    set_rules,
    tidy,
)
from trading.copying.masters.wording import CHANGES, reason_of
from trading.models import MasterAccount, MasterMove, MasterState, MoveState

_TONES = {
    MasterState.ACTIVE: "up",
    MasterState.PAUSED: "warn",
    MasterState.DISCONNECTED: "neutral",
    MoveState.READY: "info",
    MoveState.TOLD: "up",
    MoveState.PREVIEW: "info",
    MoveState.REFUSED: "down",
    MoveState.IGNORED: "neutral",
}


def _change(request: HttpRequest, master: MasterAccount, change: Change, reason: str) -> None:
    by = operator_of(request)
    change_master(master=master, change=change, by=by, reason=reason, now=timezone.now())


@object_action(
    description=_("Pause: mirror no opens"),
    dangerous=True,
    consequences=CHANGES[Change.PAUSE].consequences,
)
def pause(request: HttpRequest, master: MasterAccount, reason: str) -> None:
    _change(request, master, Change.PAUSE, reason)


@object_action(description=_("Resume"))
def resume(request: HttpRequest, master: MasterAccount, reason: str) -> None:
    _change(request, master, Change.RESUME, reason)


@object_action(
    description=_("Publish: followers copy it"),
    dangerous=True,
    consequences=CHANGES[Change.PUBLISH].consequences,
)
def publish(request: HttpRequest, master: MasterAccount, reason: str) -> None:
    _change(request, master, Change.PUBLISH, reason)


@object_action(
    description=_("Preview: write signals, publish none"),
    dangerous=True,
    consequences=CHANGES[Change.PREVIEW].consequences,
)
def preview(request: HttpRequest, master: MasterAccount, reason: str) -> None:
    _change(request, master, Change.PREVIEW, reason)


@object_action(
    description=_("Disconnect"),
    dangerous=True,
    consequences=CHANGES[Change.DISCONNECT].consequences,
)
def disconnect(request: HttpRequest, master: MasterAccount, reason: str) -> None:
    _change(request, master, Change.DISCONNECT, reason)


class MasterForm(forms.ModelForm):  # type: ignore[type-arg]
    """``by`` is who connects; what the command would refuse is said beside the form."""

    by: User

    ignored_symbols = SimpleArrayField(
        forms.CharField(max_length=32),
        label=_("Ignored symbols"),
        required=False,
        help_text=_("separated by commas: BTCUSDT,ETHUSDT"),
    )

    class Meta:
        model = MasterAccount
        fields = ("strategy", "account", "ignored_symbols", "no_copy_prefix")

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if self.errors:
            return found
        try:
            tidy(self.rules())
            if self.instance.pk is None:
                check_master(strategy=found["strategy"], account=found["account"], by=self.by)
        except MimicError as refusal:
            self.add_error(None, f"{gettext(str(refusal.title))}. {refusal.detail}".rstrip(". "))
        return found

    def rules(self) -> Rules:
        return Rules(self.cleaned_data["ignored_symbols"], self.cleaned_data["no_copy_prefix"])


@admin.register(MasterAccount)
class MasterAccountAdmin(BaseAdmin):
    form = MasterForm
    saves_by_command = True
    list_display = (
        "strategy", "account", "shown_state", "preview", "ignored_symbols", "no_copy_prefix",
        "connected_at", "ended_at",
    )  # fmt: skip
    list_filter = ("state", "preview")
    list_select_related = ("strategy", "account")
    search_fields = ("strategy__name", "account__label", "account__user__email")
    actions = (pause, resume, publish, preview, disconnect)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fixed = super().get_readonly_fields(request, obj)
        return fixed if obj is None else [*fixed, "strategy", "account"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, *args, **kwargs)
        form.by = operator_of(request)
        fields = form.base_fields  # the console's looks, which a field declared by hand has not
        fields["ignored_symbols"].widget = type(fields["no_copy_prefix"].widget)()
        return form

    def save_model(
        self, request: HttpRequest, obj: MasterAccount, form: MasterForm, change: bool
    ) -> None:
        by = operator_of(request)
        if change:
            set_rules(master=obj, rules=form.rules(), by=by)
            return
        made = connect_master(
            strategy=obj.strategy, account=obj.account, by=by, now=timezone.now(),
            rules=form.rules(),
        )  # fmt: skip
        obj.pk = made.pk

    @admin.display(description=_("state"), ordering="state")
    def shown_state(self, row: MasterAccount) -> str:
        return show_label(row.get_state_display(), _TONES[MasterState(row.state)])


@admin.register(MasterMove)
class MasterMoveAdmin(ReadOnlyAdmin):
    """What each master did, and what became of it."""

    list_display = (
        "at", "master", "symbol", "side", "amount", "paid", "closes", "shown_state", "why",
        "signal_id",
    )  # fmt: skip
    list_filter = ("state", "forced", "symbol")
    list_select_related = ("master__account", "master__strategy")
    search_fields = ("venue_order_id", "trade_id", "master__strategy__name")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description=_("quantity"))
    def amount(self, row: MasterMove) -> str:
        return show_price(row.quantity)

    @admin.display(description=_("price"))
    def paid(self, row: MasterMove) -> str:
        return NOTHING if row.price is None else show_price(row.price)

    @admin.display(description=_("closes, %"))
    def closes(self, row: MasterMove) -> str:
        return NOTHING if row.close_pct is None else show_price(row.close_pct)

    @admin.display(description=_("state"), ordering="state")
    def shown_state(self, row: MasterMove) -> str:
        return show_label(row.get_state_display(), _TONES[MoveState(row.state)])

    @admin.display(description=_("reason"))
    def why(self, row: MasterMove) -> str:
        return reason_of(row.code) or NOTHING
