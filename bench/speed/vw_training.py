#!/usr/bin/env python3
"""Vowpal Wabbit on the files that softmax_training wrote: decisions a second, and what its policy is truly worth.

    vw_training.py FOLDER [--vw "python3 -m vowpalwabbit"] [--repeats 3]

Three ways: one pass from text, one pass from text that also writes the cache, one pass from the cache. The time is that
of the whole process. The policy takes the action of lowest predicted cost.
"""
import argparse
import os
import re
import shlex
import statistics
import subprocess
import time


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--vw", default="vw")
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    vw = shlex.split(args.vw)
    path = lambda name: os.path.join(args.folder, name)
    with open(path("train.vw")) as f:
        decisions = sum(1 for line in f if line.startswith("shared"))

    learner = ["--cb_adf", "--cb_type", "mtr", "--rank_all", "-q", "ca", "--quiet"]
    train = vw + learner + ["-d", path("train.vw"), "-f", path("model.vw")]
    cached = vw + learner + ["-d", path("train.vw"), "--cache_file", path("train.cache"), "-f", path("model.vw")]
    ways = {
        "start of the process alone": vw + ["--version"],
        "read text and learn": train,
        "read text, write cache and learn": train + ["--cache_file", path("train.cache"), "-k"],
        "read cache and learn": cached,
    }
    seconds = {way: [] for way in ways}
    for _ in range(args.repeats):
        for way, command in ways.items():
            start = time.monotonic()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            seconds[way].append(time.monotonic() - start)
    print("| what | seconds | decisions a second |\n|---|---|---|")
    for way in ways:
        median = statistics.median(seconds[way])
        print(f"| {way} | {median:.2f} | {decisions / median:.0f} |")

    subprocess.run(
        vw + ["-t", "-i", path("model.vw"), "-d", path("test.vw"), "-p", path("predictions"), "--quiet"], check=True)
    with open(path("predictions")) as f:
        first = [int(re.match(r"\d+", line).group()) for line in f if line.strip()]
    with open(path("test_truth.csv")) as f:
        truth = [[float(x) for x in line.split(",")] for line in f]
    assert len(first) == len(truth), (len(first), len(truth))
    value = sum(row[action] for action, row in zip(first, truth)) / len(truth)
    print(f"true value on {len(truth)} fresh contexts: first choice {value:.4f}")


if __name__ == "__main__":
    main()
