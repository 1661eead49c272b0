from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "mimic.web"
    label = "web"

    def ready(self) -> None:
        from mimic.web import receivers
        from mimic.web.live_channels import register_channel

        receivers.connect()
        register_channel("system", public=True)
