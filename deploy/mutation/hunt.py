"""The hunt, as a plugin of pytest: its loop puts a fault into a child and lets the tests look.

First each test runs alone in a child without a fault: that tells what it takes, which lines it
goes through, and leaves out those that do not pass so. Then each fault is shown to the tests that
go through its statement, those first that found others in that function, then the quickest.
"""

from __future__ import annotations

import gc
import importlib
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import accumulate
from pathlib import Path

import hypothesis
import pytest
from coverage import Coverage

from deploy.mutation.faults import Fault, LiveFunctions, live_functions
from deploy.mutation.forks import Ended, Tidy, in_child, passes
from deploy.mutation.known import Book, Test, Verdict, digest_of

LONGEST, SPENT = 2.5, 4.0
"""Seconds of the processor: slower tests do not take part, and a fault meets no more tests in one
run than that. Who survives meets others in the next run, until there are none left.
"""
_MUCH = 1_000
_BEGIN = 0.05  # seconds that any test takes besides
OURS = {"valkey"}
"""A test with one of these fixtures stops a server that the next one needs."""


class Hunt:
    """``faults`` of some of ``paths``, in their order; what becomes known goes into the books."""

    def __init__(
        self, root: Path, paths: Sequence[str], faults: Sequence[Fault], tests: Book, verdicts: Book
    ) -> None:
        self._root, self._paths, self._faults = root, paths, faults
        self._tests, self._verdicts = tests, verdicts
        self._seen = _Seen([str(root / path) for path in paths])
        self._items: dict[str, pytest.Item] = {}
        self._finds: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)

    def pytest_configure(self) -> None:
        """Before a test is imported: what is random is the same each time and is not shrunk."""
        phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
        hypothesis.settings.register_profile(
            "mutants", phases=phases, database=None, derandomize=True, deadline=None
        )
        hypothesis.settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for path in self._paths:
            importlib.import_module(path.removesuffix(".py").replace("/", "."))
        self._items = {item.nodeid: item for item in session.items if _takes_part(item)}
        self._warm()
        live = {path: live_functions(path) for path in self._paths}
        gc.collect()
        gc.freeze()
        tidy = Tidy()
        self._meet_tests(tidy)
        self._look(tidy, live)
        return True

    def _warm(self) -> None:
        """A test of each folder here: the session's fixtures, URLs, templates. Children have none
        of our connections and threads; a test that commits would start some.
        """
        from tests.conftest import disconnect  # Django is set up by now, and was not before

        folders = {
            item.path.parent: item
            for item in reversed(list(self._items.values()))
            if "db" in _fixtures(item) and "transactional_db" not in _fixtures(item)
        }
        self._seen.start("parent")
        for item in folders.values():
            assert passes(item), f"{item.nodeid} does not pass"
        self._seen.stop()
        disconnect()
        # Those that hash are made anew in a child (accounts/hashing.py).
        ending = [each for each in threading.enumerate()[1:] if "hashing" not in each.name]
        assert not ending, f"these end in a child: {ending}"

    def _meet_tests(self, tidy: Tidy) -> None:
        stale = [item for item in self._items.values() if self._is_stale(item)]
        started = time.monotonic()
        for number, item in enumerate(stale):
            ended = in_child([(item, 2.0)], before=self._seen.start, after=self._seen.lines)
            tidy()
            lines = {
                str(Path(path).relative_to(self._root)): told
                for path, told in (ended.said or {}).items()
            }
            sources = {path: digest_of(self._root / path) for path in lines}
            test = Test(digest_of(item.path), ended.seconds, ended.failed is None, lines, sources)
            self._tests.keep(item.nodeid, test)
            if ended.failed is not None:
                print(f"does not pass alone: {item.nodeid}", flush=True)
            _progress("tests", number + 1, len(stale), started)

    def _is_stale(self, item: pytest.Item) -> bool:
        known = self._tests.known.get(item.nodeid)
        return (
            known is None
            or known.digest != digest_of(item.path)
            or any(digest_of(self._root / path) != digest for path, digest in known.sources.items())
        )

    def _look(self, tidy: Tidy, live: dict[str, LiveFunctions]) -> None:
        for fault in self._faults:
            known = self._verdicts.known.get(fault.key)
            if known is not None and known.by:
                self._found(fault, known.by)
        waiting = self._waiting()
        started = time.monotonic()
        for number, (fault, tests) in enumerate(waiting):
            tests = self._in_turn(tests, fault)
            asked = [(self._items[test], self._tests.known[test].seconds) for test in tests]
            ended = in_child(asked, before=partial(fault.put_in, live[fault.path]))
            if any(_of_database(item) for item, _ in asked):
                tidy()
            if ended.late and in_child([(self._items[ended.failed or ""], 2.0)]).failed:
                raise RuntimeError(f"not as it was before: {ended.failed} of {fault.shown()}")
            self._note(fault, tests, ended)
            if ended.failed:
                self._found(fault, ended.failed)
            _progress("faults", number + 1, len(waiting), started)

    def _waiting(self) -> list[tuple[Fault, list[str]]]:
        """Faults with the tests that have not said anything about them.

        Those that no test has met first, by their keys: what a run that is cut off has looked at
        is a fair sample.
        """
        through, found = self._through(), []
        for fault in self._faults:
            known = self._verdicts.known.get(fault.key)
            tests = list(self._ask(fault, through))
            if tests:
                met = known is not None and bool(known.tried)
                found.append((met, fault.key, fault, tests))
            elif known is None:
                self._verdicts.keep(fault.key, Verdict(None, "", False, {}, 0.0))
        return [(fault, tests) for _, _, fault, tests in sorted(found)]

    def _found(self, fault: Fault, test: str) -> None:
        self._finds[fault.path, fault.function][test] += 1
        self._finds[fault.path, ""][test] += 1

    def _in_turn(self, tests: list[str], fault: Fault) -> list[str]:
        """Who found most a second in the function, then in the file; then those that are named
        like it; then the quickest of each file of tests, the next of each…
        """
        words = set(Path(fault.path).stem.split("_"))
        here = self._finds[fault.path, fault.function]
        beside = self._finds[fault.path, ""]
        seconds = {test: self._tests.known[test].seconds for test in tests}
        turns, places = Counter[str](), {}
        for test in sorted(tests, key=lambda test: seconds[test]):
            file = test.partition("::")[0]
            turns[file] += 1
            places[test] = turns[file] - _MUCH * len(words & set(Path(file).stem.split("_")))

        def rank(test: str) -> tuple[float, ...]:
            cost = seconds[test] + _BEGIN
            return -here[test] / cost, -beside[test] / cost, places[test], cost

        ranked = sorted(tests, key=rank)
        spent = accumulate(seconds[test] for test in ranked)
        return [test for test, so_far in zip(ranked, spent, strict=True) if so_far <= SPENT]

    def _through(self) -> dict[tuple[str, int], set[str]]:
        """By file and line: the tests that take part and go through it."""
        through: dict[tuple[str, int], set[str]] = defaultdict(set)
        for name in self._items:
            test = self._tests.known[name]
            if test.passed and test.seconds <= LONGEST:
                for path, lines in test.lines.items():
                    for line in lines:
                        through[path, line].add(name)
        return through

    def _ask(self, fault: Fault, through: dict[tuple[str, int], set[str]]) -> Iterator[str]:
        """Tests that have not said anything about this fault; none if it is found."""
        tests = set[str]().union(*(through.get((fault.path, n), ()) for n in fault.lines))
        known = self._verdicts.known.get(fault.key)
        if known is not None and known.by in tests and known.digest == self._digest(known.by):
            return
        tried = known.tried if known is not None else {}
        yield from (test for test in tests if tried.get(test) != self._digest(test))

    def _note(self, fault: Fault, tests: list[str], ended: Ended) -> None:
        known = self._verdicts.known.get(fault.key)
        passed = tests if ended.failed is None else []
        tried = (known.tried if known else {}) | {test: self._digest(test) for test in passed}
        digest = self._digest(ended.failed) if ended.failed else ""
        self._verdicts.keep(
            fault.key, Verdict(ended.failed, digest, ended.late, tried, ended.seconds)
        )

    def _digest(self, test: str) -> str:
        return digest_of(self._items[test].path)


class _Seen:
    """The lines that a child goes through in some files, in all its threads. What the parent went
    through before has taught the tracer which files those are.
    """

    def __init__(self, paths: list[str]) -> None:
        self._coverage = Coverage(data_file=None, config_file=False, include=paths)
        self._coverage.set_option("run:disable_warnings", ["no-data-collected"])

    def start(self, child: str = "child") -> None:
        self._coverage.start()
        self._coverage.switch_context(child)

    def stop(self) -> None:
        self._coverage.stop()

    def lines(self) -> dict[str, list[int]]:
        self.stop()
        data = self._coverage.get_data()
        data.set_query_context("child")
        found = {path: sorted(data.lines(path) or ()) for path in data.measured_files()}
        return {path: lines for path, lines in found.items() if lines}


def _fixtures(item: pytest.Item) -> set[str]:
    return set(getattr(item, "fixturenames", ()))


def _takes_part(item: pytest.Item) -> bool:
    return not OURS & _fixtures(item)


def _of_database(item: pytest.Item) -> bool:
    return bool({"db", "transactional_db"} & _fixtures(item)) or bool(
        item.get_closest_marker("django_db")
    )


def _progress(what: str, done: int, of: int, started: float) -> None:
    if done % 50 == 0 or done == of:
        spent = time.monotonic() - started
        print(f"{what}: {done} of {of}, {spent / done:.2f} s each", flush=True)
