from django.apps import AppConfig


class SignalsConfig(AppConfig):
    name = "signals"
    label = "signals"

    def ready(self) -> None:
        from datetime import timedelta

        from mimic.core.partitions import register_partitioned
        from mimic.jobs.sweepers import register_sweeper
        from signals.services.retention import MESSAGES_KEPT, forget_old

        register_partitioned("signals_inboxmessage", keep_days=MESSAGES_KEPT.days)
        register_sweeper("old messages", forget_old, every=timedelta(minutes=10))
