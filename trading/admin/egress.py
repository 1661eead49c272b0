"""Ways out and which accounts take them. URLs are written here and shown nowhere."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mimic.console.actions import object_action
from mimic.console.base import BaseAdmin
from mimic.console.display import NOTHING, show_age, show_label
from mimic.core.errors import MimicError
from trading.execution.egress import ask_for_test, choose_egress, host_of, save_egress
from trading.models import AccountEgress, Egress


class EgressForm(forms.ModelForm):  # type: ignore[type-arg]
    """The URL is asked for once; left empty later it stays as it is."""

    url = forms.CharField(
        label=_("proxy URL"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("http://user:password@host:port. Only host and port are shown afterwards."),
    )

    class Meta:
        model = Egress
        fields = ("name", "pool", "position", "enabled")

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        if url or self.instance._state.adding:
            try:
                host_of(url)
            except MimicError as error:
                raise forms.ValidationError(gettext(str(error.title))) from None
        return url


@object_action(description=_("Test: reach a venue through it"))
def test(_request: HttpRequest, egress: Egress, _reason: str) -> None:
    ask_for_test(egress=egress)


@admin.register(Egress)
class EgressAdmin(BaseAdmin):
    form = EgressForm
    saves_by_command = True
    list_display = (
        "name", "pool", "host", "enabled", "position", "accounts_here", "result", "tested",
    )  # fmt: skip
    list_filter = ("enabled", "pool")
    search_fields = ("name", "host")
    fields = ("name", "pool", "position", "enabled", "url", "host", "result", "tested")
    readonly_fields = ("host", "result", "tested")
    actions = (test,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Egress]:
        rows: QuerySet[Egress] = super().get_queryset(request)
        return rows.annotate(users=Count("accounts"))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Egress, form: EgressForm, change: bool) -> None:
        save_egress(egress=obj, url=form.cleaned_data["url"])

    @admin.display(description=_("accounts"), ordering="users")
    def accounts_here(self, row: Any) -> int:
        return int(row.users)

    @admin.display(description=_("last test"))
    def result(self, row: Egress) -> str:
        if row.tested_at is None:
            return NOTHING
        if row.test_problem:
            return show_label(row.test_problem, "down")
        return show_label(f"{row.test_ms} ms", "up")

    @admin.display(description=_("tested"), ordering="tested_at")
    def tested(self, row: Egress) -> str:
        return show_age(row.tested_at, timezone.now())


@admin.register(AccountEgress)
class AccountEgressAdmin(BaseAdmin):
    """One choice an account. Keys that are bound to addresses must be bound to the pool's."""

    saves_by_command = True
    list_display = ("label", "user", "venue", "kind", "egress")
    list_filter = (("egress", admin.RelatedOnlyFieldListFilter), "venue", "kind")
    list_select_related = ("user", "venue", "egress")
    search_fields = ("public_id", "label", "user__email")
    fields = ("label", "user", "venue", "kind", "egress")
    readonly_fields = ("label", "user", "venue", "kind")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: AccountEgress,
        form: forms.ModelForm[Any],
        change: bool,
    ) -> None:
        choose_egress(account=obj, egress=obj.egress)
