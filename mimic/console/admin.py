"""Other people's models in our clothes: periodic tasks, task results, the console's own log."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django_celery_beat import admin as beat
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

# Imported for its registrations, so that they are there to be replaced.
from django_celery_results import admin as _results  # noqa: F401
from django_celery_results.models import GroupResult, TaskResult

from mimic.console import audit_entries as _audit_entries  # noqa: F401  # registers them
from mimic.console import skin
from mimic.console.base import BaseAdmin, ReadOnlyAdmin

for _model in (
    ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule,
    GroupResult, TaskResult,
):  # fmt: skip
    admin.site.unregister(_model)


class _TaskSelect(beat.TaskSelectWidget):  # type: ignore[misc]
    """The list of registered tasks, dressed like the other selects."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if skin.UNFOLD:
            from unfold.widgets import UnfoldAdminSelectWidget

            self.template_name = UnfoldAdminSelectWidget.template_name
            self.attrs.update(UnfoldAdminSelectWidget().attrs)


class _TaskForm(beat.PeriodicTaskForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["regtask"].widget = _TaskSelect()
        if skin.UNFOLD:
            from unfold.widgets import UnfoldAdminTextInputWidget

            self.fields["task"].widget = UnfoldAdminTextInputWidget()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(BaseAdmin, beat.PeriodicTaskAdmin):  # type: ignore[misc]
    form = _TaskForm
    date_hierarchy = None
    list_filter = ("enabled", "one_off")
    search_fields = ("name", "task")


@admin.register(ClockedSchedule)
class ClockedScheduleAdmin(BaseAdmin):
    list_display = ("clocked_time",)


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(BaseAdmin):
    list_display = ("__str__", "human_readable")
    readonly_fields = ("human_readable",)


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(BaseAdmin):
    list_display = ("__str__", "every", "period")


@admin.register(SolarSchedule)
class SolarScheduleAdmin(BaseAdmin):
    list_display = ("__str__", "event")


@admin.register(TaskResult)
class TaskResultAdmin(ReadOnlyAdmin):
    list_display = ("task_id", "task_name", "status", "worker", "date_done")
    list_filter = ("status",)
    search_fields = ("task_id", "task_name")


@admin.register(GroupResult)
class GroupResultAdmin(ReadOnlyAdmin):
    list_display = ("group_id", "date_done")
    search_fields = ("group_id",)


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    list_display = ("action_time", "user", "content_type", "object_repr", "change_message")
    search_fields = ("object_id",)
