"""JSON logs: one object a line, with the request and task they belong to, without secrets.

Both structlog and plain ``logging`` end in the same formatter. Tracebacks are plain text: the
console renderer of structlog prints local variables, which may be keys.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from mimic.core.context import current_request, known_user_id
from mimic.core.redaction import HIDDEN, MAX_TRACEBACK, is_secret_name, redact, redact_text

ACCESS_LOGGER = "mimic.access"
ACCESS_FIELDS = (
    "request_id", "method", "path", "status", "duration_ms", "client_ip", "user_id",
)  # fmt: skip
_OURS = frozenset({"time", "level", "logger", "request_id", "user_id", "task_id", "parent_task_id"})


def _add_request(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    request = current_request.get()
    if request is not None:
        user_id = known_user_id(request)
        if user_id is not None:
            event.setdefault("user_id", user_id)
    return event


def _clean(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Redact and cap every field; ``event`` becomes ``message``."""
    record: EventDict = {}
    for name, value in event.items():
        if name in _OURS:
            record[name] = value
        elif name == "exception":
            record[name] = redact_text(str(value), limit=MAX_TRACEBACK)
        elif name == "event":
            record["message"] = redact_text(str(value))
        else:
            record[name] = HIDDEN if is_secret_name(name) else redact(value)
    return record


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    _add_request,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
]


class JsonFormatter(structlog.stdlib.ProcessorFormatter):
    """The access line says what it has to by itself, redacted, so no processor looks at it again:
    there is one a request, and the processors took longer than an alert's reading.
    """

    def format(self, record: logging.LogRecord) -> str:
        if record.name != ACCESS_LOGGER:
            return super().format(record)
        moment = datetime.fromtimestamp(record.created, UTC).isoformat()
        line = {
            "message": record.getMessage(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "time": moment.replace("+00:00", "Z"),
            **{name: record.__dict__.get(name) for name in ACCESS_FIELDS},
        }
        return orjson.dumps(line).decode()


def json_formatter() -> JsonFormatter:
    """The one formatter; named as a factory in :func:`logging_config`."""
    return JsonFormatter(
        foreign_pre_chain=[*_SHARED, structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _clean,
            structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
        ],
    )


def configure_structlog() -> None:
    """Send structlog's loggers (django-structlog's Celery receivers) through stdlib logging."""
    _spare_the_records()
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _spare_the_records() -> None:
    """No line of ours tells thread, process or place in the code, so none is looked for."""
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # as the manual of logging has it


def logging_config(level: str) -> dict[str, Any]:
    """``settings.LOGGING``. The servers' own access logs are silent: ours is the one line."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "mimic.core.logging.json_formatter"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            "uvicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
            # At INFO it writes three lines for every socket that comes and goes.
            "uvicorn.error": {"handlers": [], "level": "WARNING", "propagate": True},
            "_granian": {"handlers": [], "level": level, "propagate": True},
            "granian.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
        },
    }
