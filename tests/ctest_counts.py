#!/usr/bin/python3
"""Counts the cases in ctest's JUnit file: cmocka's own where it reports them,
else one per program. Shows what failed.

    tests/ctest_counts.py ctest.xml counts.json
"""
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as tree

# What a cmocka program says at its end, per group.
SAID = re.compile(r"\[ +(PASSED|FAILED|SKIPPED) +\] *(\d+) test\(s\)")
# Characters that XML forbids but a program may print.
BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def main():
    source, target = map(pathlib.Path, sys.argv[1:3])
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    try:
        root = tree.fromstring(BAD.sub("?", source.read_text(errors="replace")))
    except (OSError, tree.ParseError) as error:
        print(f"FAILED  ctest: {error}")
        counts["failed"] = 1
        target.write_text(json.dumps(counts))
        return
    for case in root.iter("testcase"):
        add(case, counts)
    target.write_text(json.dumps(counts))


def add(case, counts):
    name, status = case.get("name"), case.get("status")
    output = case.findtext("system-out") or ""
    seen = {"PASSED": 0, "FAILED": 0, "SKIPPED": 0}
    for word, number in SAID.findall(output):
        seen[word.strip()] += int(number)
    if status == "run":
        counts["passed"] += max(1, seen["PASSED"])
        counts["skipped"] += seen["SKIPPED"]
        print(f"ok      {name}  {float(case.get('time', 0)):.1f} s")
    elif case.find("skipped") is not None or status in ("notrun", "disabled"):
        counts["skipped"] += 1
        print(f"skipped {name}")
    else:
        counts["passed"] += seen["PASSED"]
        counts["failed"] += max(1, seen["FAILED"])
        print(f"FAILED  {name}")
        print("    " + output[-6000:].rstrip().replace("\n", "\n    "))


if __name__ == "__main__":
    main()
