"""Safeguards of the engine, taken away one at a time by patch files.

Each ``*.patch`` begins with ``Test: tests/…::name``, the test that has to fail with it. ``make
known-mutants`` applies each to a copy of the tree and runs that test there;
with ``SCHEDULES=1`` it runs the random schedules there instead, but for patches whose second line
begins with ``Schedules: no``.
"""
