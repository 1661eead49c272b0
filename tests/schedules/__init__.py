"""Random schedules of signals, followers and faults, in simulated time and one thread.

No process, no socket: the engine's own steps (decide, claim, settle, look, sweep, hear) are called
one by one against Postgres, and :mod:`.venue` stands for the exchange. A seed is a schedule; one
that fails is shortened before it is shown.
"""
