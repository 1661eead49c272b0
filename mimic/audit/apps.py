from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "mimic.audit"
    label = "audit"
