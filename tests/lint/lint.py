#!/usr/bin/python3
"""House rules that a machine can hold.

    tests/lint/lint.py              every rule over this repository
    tests/lint/lint.py RULE...      only these
    tests/lint/lint.py --list       the rules' names, one a line
    tests/lint/lint.py --root DIR   another tree

Prints `file:line: what, why [rule]` for each finding; the exit status is 1 if
there was one, 2 if it was called wrongly. tests/lint/test_lint.py proves that
each rule can fail.
"""
import argparse
import pathlib
import sys

sys.dont_write_bytecode = True

import rules_code
import rules_tree
from tree import Tree

RULES = {**rules_code.RULES, **rules_tree.RULES}
ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    parser = argparse.ArgumentParser(
        description="House rules that a machine can hold.",
        epilog="Rules: " + "; ".join(
            f"{name}: {rule.__doc__}" for name, rule in RULES.items()))
    parser.add_argument("rules", nargs="*", metavar="RULE")
    parser.add_argument("--root", default=ROOT)
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    if args.list:
        print("\n".join(RULES))
        return 0
    unknown = [name for name in args.rules if name not in RULES]
    if unknown:
        parser.error(f"no rule {unknown[0]}; there are {', '.join(RULES)}")
    tree = Tree(args.root)
    count = 0
    for name in args.rules or RULES:
        for path, line, what in RULES[name](tree):
            print(f"{path}:{line}: {what} [{name}]")
            count += 1
    if count:
        print(f"{count} finding{'s' if count > 1 else ''}")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
