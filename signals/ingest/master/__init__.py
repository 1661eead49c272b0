"""The door of master accounts: what one did to its position becomes a signal, once.

Nobody knocks from outside: :mod:`trading.copying.masters` calls it.
"""
