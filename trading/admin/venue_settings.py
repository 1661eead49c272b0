"""Leverage and modes at the venues: what copies want, what the venue told, and why they differ."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mimic.console.actions import object_action
from mimic.console.base import ReadOnlyAdmin
from mimic.console.display import NOTHING, show_age, show_label
from trading.copying.venue_setting_wording import TONES, reason_of
from trading.execution.venue_settings import ask_again
from trading.models import VenueSetting


@object_action(description=_("Set again as wanted"), name="set_again")
def set_again(_request: HttpRequest, row: VenueSetting, _reason: str) -> None:
    ask_again(setting_id=row.pk, now=timezone.now())


@admin.register(VenueSetting)
class VenueSettingAdmin(ReadOnlyAdmin):
    list_display = (
        "symbol", "account", "wanted", "there", "margin_mode", "hedged", "shown_state", "why",
        "read", "tries",
    )  # fmt: skip
    list_filter = ("state", "margin_mode", "account__venue")
    list_select_related = ("account",)
    search_fields = ("symbol", "account__public_id", "account__user__email")
    actions = (set_again,)

    @admin.display(description=_("at the venue"), ordering="leverage")
    def there(self, row: VenueSetting) -> str:
        return NOTHING if row.leverage is None else f"{row.leverage}×"

    @admin.display(description=_("state"), ordering="state")
    def shown_state(self, row: VenueSetting) -> str:
        return show_label(row.get_state_display(), TONES[row.state])

    @admin.display(description=_("reason"))
    def why(self, row: VenueSetting) -> str:
        return reason_of(row) or NOTHING

    @admin.display(description=_("read"), ordering="read_at")
    def read(self, row: VenueSetting) -> str:
        return show_age(row.read_at, timezone.now())
