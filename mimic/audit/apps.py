from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "mimic.audit"
    label = "audit"
    verbose_name = _("Audit")

    def ready(self) -> None:
        from mimic.audit.sealer import seal_entries
        from mimic.audit.verify import KEEP_DAYS
        from mimic.core.partitions import register_partitioned
        from mimic.jobs.sweepers import register_sweeper

        register_partitioned("audit_entry", keep_days=KEEP_DAYS)
        register_sweeper("audit sealer", seal_entries, every=timedelta(seconds=1))
