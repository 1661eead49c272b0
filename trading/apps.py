from django.apps import AppConfig


class TradingConfig(AppConfig):
    name = "trading"
    label = "trading"

    def ready(self) -> None:
        from trading.receivers import console
        from trading.receivers.wiring import connect

        connect()
        console.connect()
