"""``make texts``: the translations (.po) into what Django reads (.mo). Needs no gettext tools."""

from __future__ import annotations

from pathlib import Path

import polib

LOCALE = Path(__file__).resolve().parents[1] / "mimic" / "locale"


def main() -> None:
    for file in sorted(LOCALE.glob("*/LC_MESSAGES/*.po")):
        polib.pofile(str(file)).save_as_mofile(str(file.with_suffix(".mo")))
        print(file.relative_to(LOCALE))


if __name__ == "__main__":
    main()
