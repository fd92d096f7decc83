#!/usr/bin/env python3
"""Vowpal Wabbit on the files that softmax_training wrote: decisions a second, and what its policy is truly worth.

    vw_training.py FOLDER [--vw "python3 -m vowpalwabbit"] [--repeats 3]

Three ways: one pass from text, one pass from text that also writes the cache, one pass from the cache. The time is that
of the whole process. The policy takes the action of lowest predicted cost. Then plumb's figures on the same files,
where softmax_training left them, and how many times vw's decisions a second each is: text against text, cache against
cache, and learning from memory against vw's cache less the start of its process.
"""
import argparse
import csv
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
    median = {way: statistics.median(seconds[way]) for way in ways}
    for way in ways:
        print(f"| {way} | {median[way]:.3f} | {decisions / median[way]:.0f} |")

    subprocess.run(
        vw + ["-t", "-i", path("model.vw"), "-d", path("test.vw"), "-p", path("predictions"), "--quiet"], check=True)
    with open(path("predictions")) as f:
        first = [int(re.match(r"\d+", line).group()) for line in f if line.strip()]
    with open(path("test_truth.csv")) as f:
        truth = [[float(x) for x in line.split(",")] for line in f]
    assert len(first) == len(truth), (len(first), len(truth))
    value = sum(row[action] for action, row in zip(first, truth)) / len(truth)
    print(f"true value on {len(truth)} fresh contexts: first choice {value:.4f}")

    if not os.path.exists(path("plumb.csv")):
        return
    with open(path("plumb.csv")) as f:
        rows = [(what, float(taken), float(worth)) for what, taken, worth in csv.reader(f)]
    start = median["start of the process alone"]
    against = {
        "read text and learn": median["read text and learn"],
        "read cache and learn": median["read cache and learn"],
        "learn, from memory": median["read cache and learn"] - start,
    }
    print("\n| plumb on the same files | decisions a second | times vw | true value | that of vw |")
    print("|---|---|---|---|---|")
    for what, taken, worth in rows:
        if what in against:
            print(f"| {what} | {decisions / taken:.0f} | {against[what] / taken:.1f} | {worth:.4f} | {value:.4f} |")


if __name__ == "__main__":
    main()
