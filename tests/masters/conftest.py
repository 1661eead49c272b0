from tests.console.cast import console, operator, sign_in

__all__ = ["console", "operator", "sign_in"]
