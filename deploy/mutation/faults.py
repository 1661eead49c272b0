"""Small faults in a file's functions: made by mutmut's operators, compiled one function at a time.

A fault is put into a running process by giving the function's live object other code, so neither
the tree nor an import differs from what is tested every day, and decorated functions take part.
"""

from __future__ import annotations
import __future__

import ast
import difflib
import gc
import hashlib
import inspect
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import NamedTuple

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

from deploy.mutation.rules import is_left_out, is_pointless

LiveFunctions = dict[tuple[str, int], list[FunctionType]]
_FLAGS = __future__.annotations.compiler_flag


class Fault(NamedTuple):
    """``key`` changes with the function's text; ``lines`` are those of the changed statement."""

    key: str
    path: str
    line: int
    lines: list[int]
    function: str
    place: int  # among the file's functions of that name
    before: str
    after: str
    text: str  # ``after`` within its classes, as Python takes it

    def shown(self) -> str:
        lines = difflib.unified_diff(self.before.splitlines(), self.after.splitlines(), n=0)
        told = [each for each in lines if not each.startswith(("---", "+++", "@@"))]
        return "\n".join([f"{self.path}:{self.line} {self.function}", *told])

    def put_in(self, functions: LiveFunctions) -> None:
        """Into this process, for good. ``functions``: those of its file."""
        code = _compiled(self.text)
        assert code is not None
        for function in functions[self.function, self.place]:
            function.__code__ = code


def faults_of(path: str, root: Path, home: Path) -> list[Fault]:
    """All of a file; kept in ``home`` for as long as the file and these rules stay as they are."""
    made_from = hashlib.sha256((root / path).read_bytes())
    for ours in (Path(__file__), Path(__file__).with_name("rules.py")):
        made_from.update(ours.read_bytes())
    kept = home / f"{path.replace('/', '.')}.{made_from.hexdigest()[:12]}.json"
    if kept.exists():
        return [Fault(*each) for each in json.loads(kept.read_text())]
    home.mkdir(parents=True, exist_ok=True)
    for outdated in home.glob(f"{path.replace('/', '.')}.*"):
        outdated.unlink()
    found = list(_made(path, (root / path).read_text()))
    kept.write_text(json.dumps(found))
    return found


def _made(path: str, source: str) -> Iterator[Fault]:
    wrapper = MetadataWrapper(cst.parse_module(source))
    statements = _statements(source)
    known = set[str]()
    for function in _functions(wrapper.module):
        finder = _Finder(function)
        wrapper.visit(finder)
        for line, node, changed in finder.changes:
            fault = _fault(path, wrapper.module, function, line, statements, node, changed)
            if fault is not None and fault.key not in known:
                known.add(fault.key)
                yield fault


def live_functions(path: str) -> LiveFunctions:
    """By qualified name and place among its namesakes, also below decorators; before a
    ``gc.freeze``, which hides them.
    """
    found: dict[tuple[str, int], list[FunctionType]] = {}
    for each in gc.get_objects():
        # A lazy object would answer isinstance by waking up.
        if type(each) is FunctionType and each.__code__.co_filename.endswith("/" + path):
            where = each.__code__.co_qualname, each.__code__.co_firstlineno
            found.setdefault(where, []).append(each)
    seen: dict[str, int] = {}
    placed: LiveFunctions = {}
    for name, line in sorted(found, key=lambda each: each[1]):
        placed[name, seen.get(name, 0)] = found[name, line]
        seen[name] = seen.get(name, 0) + 1
    return placed


class _Function(NamedTuple):
    node: cst.FunctionDef
    within: tuple[cst.ClassDef, ...]
    place: int

    @property
    def name(self) -> str:
        return ".".join([*(each.name.value for each in self.within), self.node.name.value])


class _Finder(cst.CSTVisitor):
    """Changes within one function: the line, the node, and what it becomes."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, function: _Function) -> None:
        super().__init__()
        self.changes: list[tuple[int, cst.CSTNode, cst.CSTNode]] = []
        self._function = function.node
        self._inside = False

    def on_visit(self, node: cst.CSTNode) -> bool:
        if node is self._function:
            self._inside = True
        elif not self._inside:
            return not isinstance(node, cst.FunctionDef)
        if is_left_out(node) or isinstance(node, cst.Parameters):
            return False
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                for changed in operator(node):
                    if not is_pointless(node, changed):
                        self.changes.append((self._line(node), node, changed))
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if original_node is self._function:
            self._inside = False

    def _line(self, node: cst.CSTNode) -> int:
        return int(self.get_metadata(PositionProvider, node).start.line)


def _functions(module: cst.Module) -> Iterator[_Function]:
    places: dict[str, int] = {}

    def look(body: Iterable[cst.CSTNode], within: tuple[cst.ClassDef, ...]) -> Iterator[_Function]:
        for node in body:
            if isinstance(node, cst.FunctionDef):
                found = _Function(node, within, 0)
                place = places[found.name] = places.get(found.name, -1) + 1
                yield found._replace(place=place)
            elif isinstance(node, cst.ClassDef):
                yield from look(node.body.body, (*within, node))

    yield from look(module.body, ())


def _fault(
    path: str, module: cst.Module, function: _Function, line: int,
    statements: dict[int, frozenset[int]], node: cst.CSTNode, changed: cst.CSTNode,
) -> Fault | None:  # fmt: skip
    """None where Python would not take it, or takes it for the same."""
    faulty = function.node.deep_replace(node, changed)
    assert isinstance(faulty, cst.FunctionDef)
    texts = [_within_classes(module, function, each) for each in (function.node, faulty)]
    codes = [_compiled(text) for text in texts]
    if codes[0] is None or codes[1] is None or codes[0].co_freevars != codes[1].co_freevars:
        return None
    before, after = (module.code_for_node(each) for each in (function.node, faulty))
    key = hashlib.sha256(f"{path} {function.name} {function.place}\n{after}".encode())
    lines = sorted(statements.get(line, {line}))
    return Fault(
        key.hexdigest()[:16], path, line, lines, function.name, function.place, before, after,
        texts[1],
    )  # fmt: skip


def _within_classes(module: cst.Module, function: _Function, node: cst.FunctionDef) -> str:
    body: cst.FunctionDef | cst.ClassDef = node.with_changes(decorators=[])
    for around in reversed(function.within):
        body = cst.ClassDef(name=around.name, body=cst.IndentedBlock([body]))
    return module.code_for_node(body)


def _compiled(text: str) -> CodeType | None:
    """The innermost function's code; None where Python would not take it."""
    try:
        code: CodeType = compile(text, "<fault>", "exec", _FLAGS, dont_inherit=True)
    except SyntaxError:
        return None
    while code.co_name.startswith("<") or not code.co_flags & inspect.CO_OPTIMIZED:
        code = next(each for each in code.co_consts if isinstance(each, CodeType))
    return code


def _statements(source: str) -> dict[int, frozenset[int]]:
    """Each line with all lines of the innermost statement it is of; of a block, of its head."""
    found: dict[int, frozenset[int]] = {}
    for node in ast.walk(ast.parse(source)):  # outer ones come first
        if isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            first = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if body else getattr(node, "end_lineno", first)
            lines = range(first, max(first, last) + 1)
            found |= dict.fromkeys(lines, frozenset(lines))
    return found
