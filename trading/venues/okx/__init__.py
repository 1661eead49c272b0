"""OKX USDT-margined perpetual swaps: error table, dialect and the short way of an order."""
