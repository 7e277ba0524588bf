#!/usr/bin/env python3
"""Makes vendors.txt from the tables of the IEEE's registry (oui.csv, mam.csv, oui36.csv, iab.csv, in whatever order),
which are its arguments. The comment at the head of the old file stays."""

import csv
import pathlib
import sys

target = pathlib.Path(__file__).with_name("vendors.txt")
head = [line for line in target.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
# Locally administered, so it is in no registry.
names = {"525400": "QEMU"}
for table in sys.argv[1:] or sys.exit(__doc__):
    with open(table, encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            name = " ".join(row["Organization Name"].split())
            if name:
                names.setdefault(row["Assignment"].upper(), name)
lines = head + [f"{prefix} {name}" for prefix, name in sorted(names.items())]
target.write_text("\n".join(lines) + "\n", encoding="utf-8")
