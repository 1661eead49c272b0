from django.apps import AppConfig
from django.db.models.signals import post_migrate


class TradingConfig(AppConfig):
    name = "trading"
    label = "trading"

    def ready(self) -> None:
        from trading.market.catalogue import sync_after_migrate
        from trading.receivers import console, front_page, guards, person_page, venues
        from trading.receivers.wiring import connect

        connect()
        console.connect()
        front_page.connect()
        person_page.connect()
        guards.connect()
        venues.connect()
        post_migrate.connect(sync_after_migrate, sender=self)
