from datetime import timedelta

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "mimic.api"
    label = "api"

    def ready(self) -> None:
        from mimic.api.idempotency import sweep_saved_answers
        from mimic.jobs.sweepers import register_sweeper

        register_sweeper("saved answers", sweep_saved_answers, every=timedelta(minutes=10))
