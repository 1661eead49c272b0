"""The TradingView door. Vendor's manners: ../shared/facts/wire-facts.md §4."""
