#!/usr/bin/env python3
"""Kevin Hillstrom's experiment in every format that plumb reads: the same customers, decision by decision.

  python3 examples/hillstrom/convert.py hillstrom.csv.gz OUT
  plumb align examples/hillstrom/formats/dsjson.toml --log OUT/hillstrom.dsjson

OUT then holds
  hillstrom.csv            a row a customer, as published, with an id in front
  hillstrom.jsonl          the native JSON lines
  hillstrom.dsjson         Vowpal Wabbit's decision service
  hillstrom_adf.vw         Vowpal Wabbit's text, a block of lines a decision (--cb_adf)
  hillstrom_cb.vw          the same, a line a decision (--cb 3); its actions are numbers
  hillstrom_outcomes.csv   visit and conversion by id: the label of VW text holds one outcome only, spend

Blanks become underscores ("Mens_E-Mail"), because VW text cannot hold them. Names and numbers are the same in all files,
and so are the ids, which decide what is learnt from and what is certified on: every file gives the same verdict.
"""
import csv
import gzip
import json
import os
import sys

FEATURES = ["recency", "history_segment", "history", "mens", "womens", "zip_code", "newbie", "channel"]
TEXTS = {"history_segment", "zip_code", "channel"}
OUTCOMES = ["visit", "conversion", "spend"]
ARMS = ["Mens_E-Mail", "No_E-Mail", "Womens_E-Mail"]  # sorted: the order of a CSV log's actions
SHARE = 1 / 3  # of every arm, by design of the experiment


def customers(path):
    """Every row as a dictionary of texts, blanks replaced, with an id."""
    with gzip.open(path, "rt", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            clean = {key: value.replace(" ", "_") for key, value in row.items()}
            yield {"id": f"c{number}", **clean}


def number(text):
    """The number that a text is, an integer where it is one: both print as they were read."""
    return int(text) if text.lstrip("-").isdigit() else float(text)


def json_features(row):
    return {name: row[name] if name in TEXTS else number(row[name]) for name in FEATURES}


def json_line(row):
    return {
        "id": row["id"],
        "context": json_features(row),
        "actions": [{"id": arm} for arm in ARMS],
        "chosen": row["segment"],
        "propensity": SHARE,
        "outcomes": {name: number(row[name]) for name in OUTCOMES},
    }


def dsjson_line(row):
    chosen = ARMS.index(row["segment"])
    ranking = [chosen] + [arm for arm in range(len(ARMS)) if arm != chosen]
    return {
        "_label_cost": -number(row["spend"]),
        "_label_probability": SHARE,
        "_label_Action": chosen + 1,
        "_labelIndex": chosen,
        "o": [{"v": {name: number(row[name]) for name in ("visit", "conversion")}, "EventId": row["id"]}],
        "EventId": row["id"],
        "a": [arm + 1 for arm in ranking],
        "c": {**json_features(row), "_multi": [{"_tag": arm} for arm in ARMS]},
        "p": [SHARE] * len(ARMS),
    }


def vw_features(row):
    return " ".join(f"{name}={row[name]}" if name in TEXTS else f"{name}:{row[name]}" for name in FEATURES)


def vw_cost(row):
    return "0" if number(row["spend"]) == 0 else "-" + row["spend"]


def adf_block(row):
    lines = [f"shared '{row['id']}| {vw_features(row)}"]
    for arm in ARMS:
        label = f"0:{vw_cost(row)}:{SHARE} " if arm == row["segment"] else ""
        lines.append(f"{label}| segment={arm}")
    return "\n".join(lines) + "\n\n"


def cb_line(row):
    return f"{ARMS.index(row['segment']) + 1}:{vw_cost(row)}:{SHARE} '{row['id']}| {vw_features(row)}\n"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)

    def create(name):
        return open(os.path.join(folder, name), "w", newline="", encoding="utf-8")

    with create("hillstrom.csv") as table, create("hillstrom.jsonl") as lines, \
            create("hillstrom.dsjson") as dsjson, create("hillstrom_adf.vw") as adf, \
            create("hillstrom_cb.vw") as cb, create("hillstrom_outcomes.csv") as late:
        columns = ["id"] + FEATURES + ["segment"] + OUTCOMES
        rows = csv.DictWriter(table, columns, lineterminator="\n")
        rows.writeheader()
        late.write("id,visit,conversion\n")
        for row in customers(source):
            rows.writerow({name: row[name] for name in columns})
            lines.write(json.dumps(json_line(row), separators=(",", ":")) + "\n")
            dsjson.write(json.dumps(dsjson_line(row), separators=(",", ":")) + "\n")
            adf.write(adf_block(row))
            cb.write(cb_line(row))
            late.write(f"{row['id']},{row['visit']},{row['conversion']}\n")


if __name__ == "__main__":
    main()
