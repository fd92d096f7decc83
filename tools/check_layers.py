#!/usr/bin/env python3
"""Checks that every include respects the order of the layers in src/LAYERS.

    check_layers.py [ROOT]       prints each violation as file:line: what; exit status 1 where there is one
    check_layers.py --self-test  builds trees with known violations and checks that each is found

A layer may include itself and the layers above it in src/LAYERS, nothing below. A layer is a folder src/NAME/ or a
file src/NAME.cc, together with the public headers include/plumb/ that belong to it (HEADER_LAYER). The worlds stand
beside the engine and may use base to policy only. Nothing in src/ or include/ knows of apps, worlds or tests.
"""

import pathlib
import re
import sys
import tempfile

# Public headers that are not named after their layer.
HEADER_LAYER = {
    "regression": "stats",
    "agreement": "stats",
    "ties": "stats",
    "features": "data",
    "balance": "data",
    "inspect": "data",
    "arrow": "data",
    "feedback": "data",
    "stream": "data",
    "preference": "reward",
    "careless": "reward",
    "preferred": "reward",
    "raters": "reward",
    "text_reward": "reward",
    "bridging": "reward",
    "active": "reward",
    "ensemble": "reward",
    "lifetime_value": "reward",
    "next_pairs": "reward",
    "learnt": "reward",
    "reliability": "reward",
    "tree_policy": "policy",
    "priced_policy": "policy",
    "origin": "policy",
    "ranking": "evaluate",
    "policy_contrast": "evaluate",
    "stream_evaluation": "evaluate",
    "over_optimization": "pressure",
    "pool": "pressure",
    "objectives": "optimize",
    "trainable": "optimize",
    "policy_tree": "optimize",
    "budget": "optimize",
    "feedback_study": "audit",
    "account": "audit",
    "plumb": "loop",
}
LAST_LAYER_OF_WORLDS = "policy"
OUTSIDE = ("apps", "worlds", "tests", "fuzz", "bench", "examples", "lm", "python", "src", "include")
SUFFIXES = (".cc", ".h")
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def read_layers(root):
    lines = (root / "src" / "LAYERS").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def sources(folder):
    return sorted(p for p in folder.rglob("*") if p.suffix in SUFFIXES) if folder.is_dir() else []


def includes(path):
    """(line number, quoted or not, included path) of every include of a file."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1) == '"', match.group(2)


def check(root):
    """The violations of a tree, each as "file:line: sentence"."""
    layers = read_layers(root)
    order = {name: place for place, name in enumerate(layers)}
    violations = []

    def report(path, line, sentence):
        violations.append(f"{path.relative_to(root)}:{line}: {sentence}")

    def layer_of_public_header(name):
        stem = name.removeprefix("plumb/").removesuffix(".h")
        layer = HEADER_LAYER.get(stem, stem)
        return layer if layer in order else None

    def layer_of_include(name):
        """The layer that an include belongs to; None where it is not a header of the engine."""
        first = name.split("/")[0]
        if first == "plumb":
            return layer_of_public_header(name)
        return first if "/" in name and first in order else None

    def check_file(path, layer, last, public):
        """`last`: the place of the last layer that this file may include. `public`: src/ is out of its sight."""
        for number, quoted, name in includes(path):
            first = name.split("/")[0]
            if ".." in name.split("/"):
                report(path, number, f'"{name}": found a path with .., expected one from src/ or include/')
                continue
            if first in OUTSIDE and "/" in name and first != layer:
                report(path, number, f'{layer} includes "{name}", which stands outside the engine')
                continue
            target = layer_of_include(name)
            if target is None:
                if first == "plumb" and "/" in name:
                    report(path, number, f'"{name}" belongs to no layer: name it in tools/check_layers.py')
                elif quoted and "/" in name and (root / "src" / first).is_dir():
                    report(path, number, f'"{name}": src/{first} is not in src/LAYERS')
                continue
            if first != "plumb" and public:
                report(path, number, f'{path.name} includes "{name}", which is private to src/')
            if order[target] > last:
                report(path, number, f'{layer} includes "{name}" of {target}, which stands below it in src/LAYERS')

    source_root = root / "src"
    for entry in sorted(source_root.iterdir()):
        layer = entry.name if entry.is_dir() else entry.stem
        if not entry.is_dir() and entry.suffix not in SUFFIXES:
            continue
        if layer not in order:
            report(next(iter(sources(entry)), entry), 1, f"{layer} is not in src/LAYERS")
            continue
        for path in sources(entry) if entry.is_dir() else [entry]:
            check_file(path, layer, order[layer], public=False)

    for path in sources(root / "include"):
        layer = layer_of_public_header(path.name)
        if layer is None:
            report(path, 1, "a public header that belongs to no layer: name it in tools/check_layers.py")
        else:
            check_file(path, layer, order[layer], public=True)

    if LAST_LAYER_OF_WORLDS not in order:
        report(source_root / "LAYERS", 1, f"found no {LAST_LAYER_OF_WORLDS}, which bounds what worlds may use")
    else:
        for path in sources(root / "worlds"):
            check_file(path, "worlds", order[LAST_LAYER_OF_WORLDS], public=True)
    return violations


def self_test():
    """Each case is a file with one include (on line 2) and a part of the violation that must be found, or None."""
    cases = [
        ("src/base/a.cc", '"stats/b.h"', "stands below"),
        ("src/base/a.cc", '"plumb/loop.h"', "stands below"),
        ("src/data/a.cc", "<plumb/policy.h>", "stands below"),
        ("src/stats/a.cc", '"plumb/plumb.h"', "stands below"),
        ("src/stats/a.cc", '"plumb/features.h"', "of data"),
        ("src/policy/a.cc", '"worlds/worlds.h"', "outside the engine"),
        ("src/policy/a.cc", '"apps/plumb/main.h"', "outside the engine"),
        ("src/policy/a.cc", '"tests/x.h"', "outside the engine"),
        ("src/policy/a.cc", '"../loop.h"', "with .."),
        ("src/policy/a.cc", '"plumb/helper.h"', "belongs to no layer"),
        ("src/helper/a.cc", "<vector>", "not in src/LAYERS"),
        ("src/helper.cc", "<vector>", "not in src/LAYERS"),
        ("include/plumb/base.h", '"plumb/data.h"', "stands below"),
        ("include/plumb/data.h", '"data/private.h"', "private to src/"),
        ("include/plumb/helper.h", "<vector>", "belongs to no layer"),
        ("worlds/a.cc", '"plumb/loop.h"', "stands below"),
        ("worlds/a.cc", '"data/private.h"', "private to src/"),
        ("src/loop.cc", '"policy/p.h"', None),
        ("src/policy/a.cc", '"policy/p.h"', None),
        ("src/policy/a.cc", '"plumb/features.h"', None),
        ("src/policy/a.cc", "<Eigen/Dense>", None),
        ("src/policy/a.cc", "<simdjson.h>", None),
        ("src/policy/a.cc", '"p.h"', None),
        ("include/plumb/plumb.h", '"plumb/policy.h"', None),
        ("worlds/a.cc", '"worlds/worlds.h"', None),
        ("worlds/a.cc", '"plumb/policy.h"', None),
    ]
    failures = 0
    for name, included, expected in cases:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            path = root / name
            path.parent.mkdir(parents=True)
            (root / "src").mkdir(exist_ok=True)
            (root / "src" / "LAYERS").write_text("# order\nbase\nstats\ndata\npolicy\nloop\n", encoding="utf-8")
            path.write_text(f"// a file\n#include {included}\n", encoding="utf-8")
            found = check(root)
        right = not found if expected is None else len(found) == 1 and expected in found[0] and name in found[0]
        if not right:
            failures += 1
            print(f"self-test: {name} with #include {included}: found {found}, expected {expected}")
    print(f"self-test: {len(cases) - failures} of {len(cases)} trees answered as expected")
    return 1 if failures else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) > 1:
        print("usage: check_layers.py [ROOT] | --self-test", file=sys.stderr)
        return 2
    root = pathlib.Path(arguments[0]).resolve() if arguments else pathlib.Path(__file__).resolve().parent.parent
    violations = check(root)
    for violation in violations:
        print(violation)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
