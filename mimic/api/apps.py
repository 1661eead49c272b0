from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "mimic.api"
    label = "api"
