from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "mimic.dashboard"
    label = "dashboard"
