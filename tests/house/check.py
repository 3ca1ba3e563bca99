#!/usr/bin/env python3
"""Holds the rules of the house: check.py ROOT prints each breach as FILE:LINE and fails if any.

What the rules are stands in the tables below; house_test.py shows that each of them can fail.
"""

import re
import subprocess
import sys
from pathlib import Path

# The top level holds these and hidden files.
TOP_LEVEL = {"CMakeLists.txt", "README.md", "apps", "lib", "sql", "testdata", "tests"}

# Arrows run one way: what files under a folder may include from lib/.
ARROWS = {
    "lib/procnet/": ["procnet/"],
    "lib/capture/": ["capture/", "procnet/"],
    "lib/store/": ["store/", "procnet/"],
    "lib/report/": ["report/", "store/", "capture/clock.h", "procnet/address.h"],
}
LIBRARIES = ("procnet/", "capture/", "store/", "report/")

# Where a library outside of the standard one may be included.
HOMES = {
    r"sqlite3\.h|sqlite3ext\.h": r"lib/store/[^/]+\.cc",
    r"archive\.h|archive_entry\.h": r"(lib|tests)/capture/.*",
    r"zlib\.h": r"lib/capture/.*",
    r"date/.*": r"lib/capture/.*",
    r"nettle/.*": r"lib/report/(anonymizer\.cc|crypto_pan\.h)",
    r"nlohmann/.*": r"lib/(report|capture)/.*",
    r"boost/.*": r"apps/.*",
    r"catch2/.*": r"tests/.*",
}

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
STANDARD_HEADER = re.compile(r"[a-z_0-9]+")  # <vector>, <cstdint>: no dot, no slash
MAX_COLUMNS = 100
# A remark about later work says when it is due: "(when Debian has g++ 13)". The brackets around the
# letters keep this line from being one.
LATER = re.compile(r"\b([T]ODO|[F]IXME|[X]XX)\b(?!\((?:when|once|until|after) [^)]+\))")


def repository_files(root):
    """Files that are, or would be, in the repository; paths relative to root."""
    if (root / ".git").exists():
        listed = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others",
             "--exclude-standard"], cwd=root, check=True, capture_output=True, text=True).stdout
        names = [name for name in listed.split("\0") if name]
    else:
        names = [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]
        names = [name for name in names if not name.startswith("build")]
    return sorted(name for name in names if (root / name).is_file())


def check_include(name, quoted, header):
    for pattern, home in HOMES.items():
        if re.fullmatch(pattern, header) and not re.fullmatch(home, name):
            yield f"<{header}> belongs in {home}"
    for folder, allowed in ARROWS.items():
        if not name.startswith(folder):
            continue
        if header.startswith(LIBRARIES) and not header.startswith(tuple(allowed)):
            yield f"{folder} may include {' '.join(allowed)} and not {header}"
        intrinsics = header == "immintrin.h" and "_avx" in name  # a header of the compiler
        if (folder == "lib/procnet/" and not quoted and not intrinsics and
                not STANDARD_HEADER.fullmatch(header)):
            yield f"{folder} uses the standard library only, not <{header}>"
        if quoted and not header.startswith(LIBRARIES):
            yield f'"{header}" is named from lib/: "{folder.split("/")[1]}/{header}"'


def check_source(name, text):
    for number, line in enumerate(text.splitlines(), 1):
        if LATER.search(line):
            yield number, "a remark about later work needs its condition: (when ...)"
        if name.endswith((".cc", ".h", ".sql")) and len(line) > MAX_COLUMNS:
            yield number, f"{len(line)} columns, the most is {MAX_COLUMNS}"
        if name.endswith((".cc", ".h")):
            include = INCLUDE.match(line)
            if include:
                for message in check_include(name, include[1] == '"', include[2]):
                    yield number, message
        if name.startswith("sql/") and re.search(r"\bSELECT\s+(\w+\.)?\*", line.split("--")[0]):
            yield number, "name the columns instead of SELECT *"
    if name.endswith(".h") and "#pragma once" not in text:
        yield 1, "a header begins with #pragma once"


def check(root):
    """The breaches under root, as text."""
    breaches = []
    for name in repository_files(root):
        top = name.split("/")[0]
        if not top.startswith(".") and top not in TOP_LEVEL:
            breaches.append(f"{name}:1: the top level holds only {' '.join(sorted(TOP_LEVEL))}")
        if re.search(r"(^|/)utils?(/|\.|$)", name):
            breaches.append(f"{name}:1: no utils: name it after what it does")
        if name.startswith(("apps/", "lib/", "sql/", "tests/", ".ci/")) or name == "CMakeLists.txt":
            try:
                text = (root / name).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue  # data
            breaches += [f"{name}:{line}: {message}" for line, message in check_source(name, text)]
    return breaches


def main():
    root = Path(sys.argv[1])
    breaches = check(root)
    files = len(repository_files(root))
    for breach in breaches:
        print(breach)
    print(f"{files} files, {len(breaches)} breaches")
    return 1 if breaches or not files else 0


if __name__ == "__main__":
    sys.exit(main())
