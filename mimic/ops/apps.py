from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "mimic.ops"
    label = "ops"

    def ready(self) -> None:
        from mimic.ops import checks

        checks.register()
