from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "mimic.core"
    label = "core"

    def ready(self) -> None:
        from mimic.core import logging, task_log

        logging.configure_structlog()
        task_log.connect_receivers()
