from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "mimic.ops"
    label = "ops"

    def ready(self) -> None:
        from datetime import datetime, timedelta

        from mimic.core.partitions import drop_expired_partitions
        from mimic.jobs.sweepers import register_sweeper
        from mimic.ops import checks

        def drop_old_months(now: datetime) -> int:
            return len(drop_expired_partitions(now=now))

        checks.register()
        register_sweeper("old months", drop_old_months, every=timedelta(hours=6))
