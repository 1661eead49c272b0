"""The dialect of venues without one of their own: ccxt's unified calls, nothing assumed."""
