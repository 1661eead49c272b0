"""The console's own Content-Security-Policy; every other page keeps the strict one.

Unfold runs Alpine.js, which compiles expressions ('unsafe-eval'), and writes inline styles and a
few inline scripts. Nothing may come from another host even so.
"""

from __future__ import annotations

from typing import Final

CONSOLE_CSP: Final[dict[str, list[str]]] = {
    "default-src": ["'none'"],
    "script-src": ["'self'", "'unsafe-eval'", "'unsafe-inline'"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}
