from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    label = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        from accounts import person_panels, receivers, sidebar, sign_in_trail
        from accounts.key_use import sweep_key_use
        from accounts.services.addresses import sweep_address_rules
        from accounts.services.sessions import sweep_sessions
        from accounts.session_use import sweep_seen
        from accounts.tokens.families import sweep_families
        from accounts.tokens.signing import sweep_signing_keys
        from accounts.tokens.sockets import read_for_socket
        from mimic.jobs.sweepers import register_sweeper
        from mimic.web.tokens import register_token_reader

        receivers.connect()
        sign_in_trail.connect()
        sidebar.register()
        person_panels.register()
        register_token_reader(read_for_socket)
        register_sweeper("use of API keys", sweep_key_use, every=timedelta(minutes=1))
        register_sweeper("browsers seen", sweep_seen, every=timedelta(minutes=1))
        register_sweeper("rules of addresses", sweep_address_rules, every=timedelta(hours=1))
        register_sweeper("sessions", sweep_sessions, every=timedelta(hours=1))
        register_sweeper("sign-ins of programs", sweep_families, every=timedelta(hours=1))
        register_sweeper("token signing keys", sweep_signing_keys, every=timedelta(hours=1))
