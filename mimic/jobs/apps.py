from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "mimic.jobs"
    label = "jobs"
