"""Binance USDⓈ-M futures: error table and dialect."""
