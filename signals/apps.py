from django.apps import AppConfig


class SignalsConfig(AppConfig):
    name = "signals"
    label = "signals"

    def ready(self) -> None:
        from mimic.core.partitions import register_partitioned

        register_partitioned("signals_inboxmessage", keep_days=90)
