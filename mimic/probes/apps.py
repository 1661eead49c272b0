from django.apps import AppConfig


class ProbesConfig(AppConfig):
    name = "mimic.probes"
    label = "probes"
