"""Kill switches: a page to block all opens at once, and a list to lift what is in force."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mimic.console.actions import ConfirmForm, object_action
from mimic.console.base import ReadOnlyAdmin
from mimic.core.errors import Forbidden
from trading.guards.kill import lift_kill_switch, set_kill_switch
from trading.models import KillScope, KillSwitch


@object_action(
    description=_("Lift"),
    dangerous=True,
    consequences=_("New positions can be opened again, from the next signal on."),
)
def lift(request: HttpRequest, switch: KillSwitch, _reason: str) -> None:
    if request.user.is_authenticated:
        lift_kill_switch(switch=switch, by=request.user, now=timezone.now())


@admin.register(KillSwitch)
class KillSwitchAdmin(ReadOnlyAdmin):
    list_display = ("scope", "target", "effect", "reason", "set_by", "set_at", "lifted_at")
    list_filter = ("scope", ("lifted_at", admin.EmptyFieldListFilter))
    list_select_related = ("set_by",)
    search_fields = ("target", "public_id")
    actions = (lift,)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.block_opens)
        return [path("block-opens/", view, name="trading_kill_block_opens"), *super().get_urls()]

    def block_opens(self, request: HttpRequest) -> HttpResponse:
        """The one page for bad minutes: reason, fresh code, and no follower opens anything."""
        if not (self.has_operate_permission(request) and request.user.is_authenticated):
            raise Forbidden
        in_force = KillSwitch.objects.filter(scope=KillScope.PLATFORM, lifted_at=None).first()
        form = ConfirmForm(request)
        if request.method == "POST" and form.is_valid():
            switch = set_kill_switch(
                scope=KillScope.PLATFORM,
                target="",
                reason=form.cleaned_data["reason"],
                by=request.user,
                now=timezone.now(),
            )
            self.log_addition(request, switch, f"block opens: {switch.reason}")
            self.message_user(request, gettext("All opens are blocked."), messages.WARNING)
            return HttpResponseRedirect(reverse("admin:trading_killswitch_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Block all opens"),
            "opts": self.opts,
            "form": form,
            "in_force": in_force,
            "back": reverse("admin:trading_killswitch_changelist"),
        }
        return TemplateResponse(request, "admin/block_opens.html", context)
