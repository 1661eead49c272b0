"""The queue of key checks and what came of each; every change of an account's state."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mimic.console.actions import object_action
from mimic.console.base import ReadOnlyAdmin
from mimic.console.display import NOTHING, show_age, show_label
from trading.execution.connecting import recheck_account
from trading.execution.connection_wording import OUTCOME_TONES, STATE_TONES, explain_check
from trading.models import AccountCheck, AccountEvent, AccountState


@object_action(description=_("Check these accounts again now"))
def check_again(_request: HttpRequest, check: AccountCheck, _reason: str) -> None:
    recheck_account(account=check.account, now=timezone.now())


@admin.register(AccountCheck)
class AccountCheckAdmin(ReadOnlyAdmin):
    """Open rows are the queue. New keys that wait in one are never read here."""

    ordering = ("-pk",)
    list_display = (
        "asked_at", "account", "person", "venue", "result", "why", "message", "tries", "waits",
    )  # fmt: skip
    list_filter = (
        ("ended_at", admin.EmptyFieldListFilter),
        "outcome",
        ("account__venue", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("account__venue", "account__user")
    search_fields = ("account__public_id", "account__label", "account__user__email")
    exclude = ("sealed_keys",)
    actions = (check_again,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccountCheck]:
        rows: QuerySet[AccountCheck] = super().get_queryset(request)
        return rows.defer("sealed_keys")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "account__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("person"))
    def person(self, check: AccountCheck) -> str:
        return str(check.account.user)

    @admin.display(description=_("venue"))
    def venue(self, check: AccountCheck) -> str:
        return str(check.account.venue)

    @admin.display(description=_("outcome"), ordering="outcome")
    def result(self, check: AccountCheck) -> str:
        if check.outcome:
            return show_label(check.get_outcome_display(), OUTCOME_TONES[check.outcome])
        return show_label(gettext("Waiting"), "info")

    @admin.display(description=_("why"))
    def why(self, check: AccountCheck) -> str:
        return explain_check(check) or NOTHING

    @admin.display(description=_("waits"))
    def waits(self, check: AccountCheck) -> str:
        return NOTHING if check.ended_at else show_age(check.asked_at, timezone.now())


@admin.register(AccountEvent)
class AccountEventAdmin(ReadOnlyAdmin):
    ordering = ("-pk",)
    list_display = ("at", "account", "change", "cause", "reason", "by")
    list_filter = ("cause", "became")
    list_select_related = ("account__venue", "by")
    search_fields = ("account__public_id", "account__label", "by__email")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description=_("change"))
    def change(self, event: AccountEvent) -> str:
        became = AccountState(event.became)
        return show_label(
            f"{event.get_was_display()} → {event.get_became_display()}", STATE_TONES[became]
        )
