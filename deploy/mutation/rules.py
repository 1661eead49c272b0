"""Which faults are not put in: those no test could or should notice, by what they are.

- Words for people: what stands in ``_("…")`` and its kin, and the message of an exception of
  Python's own. Texts have tests of their own (every one translated, none left out).
- Log lines, and an ``assert``: it narrows a type, none guards input (pyproject.toml, S101).
- ``strict=`` of ``zip`` and ``cast(…)``: they guard a programmer, and say nothing at run time.
- How much a lock keeps waiting (``of=``, ``no_key=`` of ``select_for_update``): with more locked
  than needed the outcome is the same, later. That a row is locked, and ``skip_locked``, stay.
- ``force_insert=``: a row without an id is inserted anyway.
- ``checkpoint(…)``: where ``make chaos`` kills a process; nothing happens there otherwise.
- What is read along (``select_related``, ``prefetch_related``): the same is read in more
  statements; lists that are hot have tests of their number.
- The case of letters in SQL: Postgres folds it. ``XX`` around the statement stays.
- What is carried out once, when a module is read: annotations, decorators, defaults of parameters.
"""

from __future__ import annotations

import builtins
import re

import libcst as cst

WORDS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext"}
LOGS = {"log", "logger"}
SILENT_CALLS = {"cast", "isinstance", "checkpoint"}
SILENT_ARGS = {"strict", "of", "no_key", "force_insert"}
READ_ALONG = {"select_related", "prefetch_related"}
_SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|FROM|JOIN|WHERE|AND|ORDER BY|AS)\b|\bexcluded\.")


def is_left_out(node: cst.CSTNode) -> bool:
    """Nothing in ``node`` and below it is changed."""
    match node:
        case cst.Annotation() | cst.Decorator() | cst.Assert():
            return True
        case cst.Call(func=cst.Name(value=name)):
            return name in WORDS or name in SILENT_CALLS or _is_error(name)
        case cst.Call(func=cst.Attribute(value=cst.Name(value=name))):
            return name in LOGS
        case cst.Arg():
            return _is_silent(node)
    return False


def is_pointless(node: cst.CSTNode, changed: cst.CSTNode) -> bool:
    """This one change of ``node`` is the same to whoever reads it."""
    if isinstance(node, cst.SimpleString) and isinstance(changed, cst.SimpleString):
        folded = node.value.lower() == changed.value.lower()
        return folded and bool(_SQL.search(node.raw_value))
    if isinstance(node, cst.Call) and isinstance(changed, cst.Call):
        along = isinstance(node.func, cst.Attribute) and node.func.attr.value in READ_ALONG
        return along or any(map(_is_silent, set(node.args) - set(changed.args)))
    return False


def _is_silent(arg: cst.Arg) -> bool:
    return arg.keyword is not None and arg.keyword.value in SILENT_ARGS


def _is_error(name: str) -> bool:
    named = getattr(builtins, name, None)
    return isinstance(named, type) and issubclass(named, BaseException)
