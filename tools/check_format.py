#!/usr/bin/env python3
"""Checks that every source file is formatted as .clang-format says.

    check_format.py [ROOT]    exit status 0: formatted; 1: not, with the places; 77: skipped, no clang-format 14

Only version 14 is asked: other versions format the same style differently. `clang-format-14 -i FILE` repairs.
"""

import pathlib
import re
import shutil
import subprocess
import sys

FOLDERS = ("src", "include", "apps", "worlds", "tests", "fuzz", "bench", "examples")
SUFFIXES = (".cc", ".h")
VERSION = 14
SKIPPED = 77


def formatter():
    """The path of a clang-format of the right version, and the versions that were found instead."""
    found = []
    for name in (f"clang-format-{VERSION}", "clang-format"):
        path = shutil.which(name)
        if path is None:
            continue
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
        match = re.search(r"version (\d+)", answer)
        if match and int(match.group(1)) == VERSION:
            return path, found
        found.append(answer.strip())
    return None, found


def main(arguments):
    root = pathlib.Path(arguments[0]).resolve() if arguments else pathlib.Path(__file__).resolve().parent.parent
    program, others = formatter()
    if program is None:
        print(f"skipped: found {', '.join(others) or 'no clang-format'}, expected clang-format {VERSION}")
        return SKIPPED
    files = sorted(
        str(path.relative_to(root))
        for folder in FOLDERS
        for path in (root / folder).rglob("*")
        if path.suffix in SUFFIXES and path.is_file())
    if not files:
        print(f"{root}: found no source file, expected some in {', '.join(FOLDERS)}")
        return 1
    result = subprocess.run(
        [program, "--dry-run", "--Werror", "--style=file", "--ferror-limit=3", *files], cwd=root, check=False)
    if result.returncode == 0:
        print(f"{len(files)} files are formatted")
    return 1 if result.returncode else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
