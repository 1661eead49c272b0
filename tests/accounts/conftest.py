from tests.console.cast import admin_without_app, console, operator, sign_in, trader

__all__ = ["admin_without_app", "console", "operator", "sign_in", "trader"]
