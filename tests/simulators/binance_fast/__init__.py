"""The same venue for the stopwatch: signatures checked, market orders filled, nothing else.

A lean ``asyncio.Protocol`` under httptools, so that the venue is never what a measurement of the
client measures. No filters, limits, margin or faults: the behaving venue is
:mod:`tests.simulators.binance`. Shapes: ``facts/wire-facts.md`` §1.3.
"""
