"""The OpenAPI document: what drf-spectacular reads from views, and every error as a problem."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.permissions import AllowAny

from mimic.api.contract import headers_of, refusals_of
from mimic.api.scopes import PeopleOnly, ScopeMissing, scope_of
from mimic.core import errors
from mimic.core.error_views import CsrfFailed
from mimic.core.errors import FieldProblem, MimicError
from mimic.core.problems import CONTENT_TYPE

_ANYWHERE = (
    errors.NotAcceptable, errors.TooManyRequests, MimicError, errors.ServiceUnavailable,
)  # fmt: skip
_WITH_BODY = (errors.BadRequest, errors.UnsupportedMediaType, errors.ValidationFailed)
_SAFE = ("GET", "HEAD", "OPTIONS")
_BODILESS = (*_SAFE, "DELETE")


class FieldProblemOut(serializers.Serializer[FieldProblem]):
    pointer = serializers.CharField(help_text="RFC 6901 pointer to the field; empty: the whole.")
    code = serializers.CharField()
    detail = serializers.CharField()


class PuzzleOut(serializers.Serializer[dict[str, Any]]):
    """Find the number below ``maxnumber`` with which the SHA-256 of ``salt`` and the number, in
    decimal, is ``challenge`` (hex). The answer is the base64 of this object's JSON with ``number``.
    """

    algorithm = serializers.CharField(help_text="SHA-256.")
    challenge = serializers.CharField()
    maxnumber = serializers.IntegerField()
    salt = serializers.CharField()
    signature = serializers.CharField(help_text="Ours: send it back as it is.")


class ProblemOut(serializers.Serializer[dict[str, Any]]):
    """RFC 9457 problem details."""

    type = serializers.URLField(help_text="Where this type of problem is described.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="About this very case; may be empty.")
    instance = serializers.CharField(help_text="The address asked.")  # type: ignore[assignment]
    code = serializers.CharField(help_text="Stable: program against this.")
    request_id = serializers.CharField(help_text="Quote it to support.")
    errors = FieldProblemOut(many=True)  # type: ignore[assignment]
    puzzle = PuzzleOut(required=False, help_text="Of auth.proof_needed alone; lives 5 minutes.")


class ApiSchema(AutoSchema):
    """``REST_FRAMEWORK["DEFAULT_SCHEMA_CLASS"]``."""

    method: str
    view: Any

    def get_override_parameters(self) -> list[Any]:
        return [*super().get_override_parameters(), *headers_of(self._handler())]

    def get_tags(self) -> list[str]:
        """The first word of the path, but for the operators' part."""
        words = self._tokenize_path()
        return ["operators" if words[0] == "admin" else words[0].replace("-", " ")]

    def get_summary(self) -> str | None:
        """The first sentence of what the handler, or the view, says of itself."""
        return self._sentences()[0]

    def get_description(self) -> str:  # type: ignore[override]
        told, scope = self._sentences()[1], scope_of(self.method, self.path)
        return f"{told}\n\nAPI keys need the scope `{scope}`.".lstrip() if scope else told

    def _sentences(self) -> tuple[str, str]:
        first, _stop, rest = " ".join(super().get_description().split()).partition(". ")
        return first.rstrip("."), rest

    def _handler(self) -> Any:
        return getattr(self.view, self.method.lower(), None)

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        by_status: dict[int, list[str]] = {}
        for kind in dict.fromkeys(self._refusals()):
            by_status.setdefault(kind.status, []).append(kind.code)
        for status, codes in sorted(by_status.items()):
            bodies[str(status)] = self._problem(codes)
        return bodies

    def _refusals(self) -> Iterator[type[MimicError]]:
        yield from _ANYWHERE
        yield from refusals_of(self._handler())
        if AllowAny not in self.view.permission_classes:
            yield errors.NotAuthenticated
            yield PeopleOnly if scope_of(self.method, self.path) is None else ScopeMissing
            if self.method not in _SAFE:
                yield CsrfFailed
            for permission in self.view.permission_classes:
                yield from refusals_of(permission)
        if "{" in self.path:
            yield errors.NotFound
        if self.method not in _SAFE:
            yield errors.BodyTooLarge
        if self.method not in _BODILESS and self.get_request_serializer() is not None:
            yield from _WITH_BODY
        if any(each["in"] == "query" for each in self._get_parameters()):
            yield errors.ValidationFailed

    def _problem(self, codes: list[str]) -> dict[str, Any]:
        problem = self.resolve_serializer(ProblemOut, "response").ref
        return {
            "content": {CONTENT_TYPE: {"schema": problem}},
            "description": ", ".join(f"`{code}`" for code in codes),
        }


def header(name: str, text: str, **schema: Any) -> OpenApiParameter:
    """A required request header of the document."""
    return OpenApiParameter(
        name,
        type={"type": "string", **schema},
        location=OpenApiParameter.HEADER,
        required=True,
        description=text,
    )
