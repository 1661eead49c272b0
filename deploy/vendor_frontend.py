"""Bring the front end's third-party files from npm packages into ``static/vendor/``.

Run by a maintainer who changes a version (`python deploy/vendor_frontend.py`); the result is
committed, so that neither a build nor a deployment needs npm. Each package leaves its licence
beside its files, and ``static/vendor/versions.json`` says what was taken, with npm's integrity
hash. Needs npm, and ``fonttools`` with ``brotli`` to cut the font of figures down to its glyphs.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

VENDOR = Path(__file__).resolve().parent.parent / "static" / "vendor"
SVG = "http://www.w3.org/2000/svg"
# JetBrains Mono draws figures, symbols of instruments and identifiers only: ASCII, the marks of
# grouping and sign, and nothing else. 40 KB become 12, and no ligature joins two characters.
FIGURE_CHARACTERS = "U+0020-007E,U+00A0,U+00B7,U+2009,U+2013,U+2014,U+2026,U+202F,U+2212"
ICONS = (
    "arrow-down-right",
    "arrow-left",
    "arrow-right",
    "arrow-up-right",
    "bell",
    "chart-line",
    "check",
    "circle-alert",
    "circle-check",
    "circle-help",
    "circle-minus",
    "circle-x",
    "clock",
    "copy",
    "download",
    "file-text",
    "filter",
    "info",
    "key-round",
    "layout-dashboard",
    "lock",
    "log-out",
    "octagon-x",
    "palette",
    "plus",
    "radio",
    "receipt-text",
    "refresh-cw",
    "search",
    "settings",
    "shield-check",
    "triangle-alert",
    "users",
    "wallet",
    "wifi-off",
    "x",
)


@dataclass(frozen=True, slots=True)
class Package:
    """One npm package: ``files`` maps a path inside it to a name in ``folder``."""

    name: str
    version: str
    folder: str
    files: dict[str, str]


PACKAGES = (
    Package("htmx.org", "2.0.11", "htmx", {"dist/htmx.min.js": "htmx.min.js"}),
    Package(
        "lightweight-charts",
        "5.2.1",
        "lightweight-charts",
        {"dist/lightweight-charts.standalone.production.mjs": "lightweight-charts.js"},
    ),
    Package(
        "@fontsource-variable/inter",
        "5.3.0",
        "inter",
        {
            f"files/inter-{subset}-wght-normal.woff2": f"inter-{subset}.woff2"
            for subset in ("latin", "latin-ext", "cyrillic")
        },
    ),
    Package(
        "@fontsource-variable/jetbrains-mono",
        "5.3.0",
        "jetbrains-mono",
        {"files/jetbrains-mono-latin-wght-normal.woff2": "jetbrains-mono-latin.woff2"},
    ),
    Package("lucide-static", "1.62.0", "lucide", {}),
)


def fetch(package: Package, work: Path) -> tuple[Path, str]:
    """Download and unpack a package; returns its folder and npm's integrity string."""
    answer = subprocess.run(
        ["npm", "pack", "--json", f"{package.name}@{package.version}"],
        cwd=work,
        check=True,
        capture_output=True,
        text=True,
    )
    packed = json.loads(answer.stdout)
    entry = packed[0] if isinstance(packed, list) else next(iter(packed.values()))
    target = work / package.folder
    with tarfile.open(work / entry["filename"]) as archive:
        archive.extractall(target, filter="data")
    return target / "package", str(entry["integrity"])


def sprite(icons: Path) -> str:
    """One SVG with a ``<symbol>`` an icon; strokes take the colour of the text around them."""
    ElementTree.register_namespace("", SVG)
    root = ElementTree.Element(f"{{{SVG}}}svg")
    for name in ICONS:
        drawing = ElementTree.parse(icons / f"{name}.svg").getroot()
        symbol = ElementTree.SubElement(
            root,
            f"{{{SVG}}}symbol",
            {
                "id": name,
                "viewBox": "0 0 24 24",
                "fill": "none",
                "stroke": "currentColor",
                "stroke-width": "2",
                "stroke-linecap": "round",
                "stroke-linejoin": "round",
            },
        )
        for child in drawing:
            child.tail = None
            symbol.append(child)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def figures_font(source: Path, target: Path) -> None:
    """Cut the monospaced font down to :data:`FIGURE_CHARACTERS`."""
    subprocess.run(
        [
            "pyftsubset",
            str(source),
            f"--unicodes={FIGURE_CHARACTERS}",
            "--flavor=woff2",
            "--layout-features=zero,tnum",
            f"--output-file={target}",
        ],
        check=True,
    )


def main() -> None:
    """Rebuild ``static/vendor`` from nothing."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    versions: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for package in PACKAGES:
            source, integrity = fetch(package, Path(folder))
            target = VENDOR / package.folder
            target.mkdir(parents=True)
            for inside, name in package.files.items():
                shutil.copyfile(source / inside, target / name)
            shutil.copyfile(source / "LICENSE", target / "LICENSE")
            versions[package.name] = {"version": package.version, "integrity": integrity}
            if package.folder == "lucide":
                (target / "sprite.svg").write_text(sprite(source / "icons"), encoding="utf-8")
    mono = VENDOR / "jetbrains-mono"
    whole = mono / "jetbrains-mono-latin.woff2"
    figures_font(whole, mono / "jetbrains-mono-figures.woff2")
    whole.unlink()
    (VENDOR / "versions.json").write_text(json.dumps(versions, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
