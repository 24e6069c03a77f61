#!/usr/bin/python3
"""Golden tests of a probe kind, through the worker that the agent uses.

    tests/golden/run.py BINARY KIND [--only PATTERN] [-v]

Each tests/golden/KIND/*.json is one case: real servers are started on free
ports of loopback, one job goes to `BINARY worker probe KIND`, and its result is
compared with what the file expects. To add a case, add a file; README.md has
the form. The exit status is 0 if no case failed.
"""
import argparse
import fnmatch
import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))

import servers  # noqa: E402

GRACE_S = 20  # for a worker to answer past its job's deadline
KNOWN = {"about", "servers", "netns", "env", "timeout_ms", "config", "memory",
         "expect"}
COMPARE = {"==": lambda a, b: a == b, "<": lambda a, b: a < b,
           "<=": lambda a, b: a <= b, ">": lambda a, b: a > b,
           ">=": lambda a, b: a >= b}


class Wrong(Exception):
    """What a case expected and did not get."""


def fill(value, words):
    """Put {name} → text into every string of a JSON value."""
    if isinstance(value, str):
        for name, text in words.items():
            value = value.replace("{" + name + "}", str(text))
        return value
    if isinstance(value, list):
        return [fill(item, words) for item in value]
    if isinstance(value, dict):
        return {key: fill(item, words) for key, item in value.items()}
    return value


def check_value(where, wanted, found):
    if wanted is None:
        if found is not None:
            raise Wrong(f"{where}: is {found!r}, must be absent")
    elif isinstance(wanted, dict) and set(wanted) == {"matches"}:
        if not re.fullmatch(wanted["matches"], str(found), re.S):
            raise Wrong(f"{where}: {found!r} does not match "
                        f"{wanted['matches']!r}")
    elif isinstance(wanted, str) and wanted.split(" ")[0] in COMPARE and \
            not isinstance(found, str):
        operator, number = wanted.split(" ")
        if found is None or not COMPARE[operator](found, float(number)):
            raise Wrong(f"{where}: is {found!r}, expected {wanted}")
    elif isinstance(wanted, float) and isinstance(found, (int, float)):
        if not math.isclose(wanted, found):
            raise Wrong(f"{where}: is {found!r}, expected {wanted!r}")
    elif wanted != found:
        raise Wrong(f"{where}: is {found!r}, expected {wanted!r}")


def check_result(expect, result):
    """The outcome first: it says most about what went wrong."""
    story = f"{result['outcome']}: {result['reason']}"
    if result["outcome"] != expect["outcome"]:
        raise Wrong(f"outcome: expected {expect['outcome']}, got {story}")
    if not re.fullmatch(expect["reason"], result["reason"], re.S):
        raise Wrong(f"reason: {result['reason']!r} does not match "
                    f"{expect['reason']!r}")
    for part in ("facts", "metrics"):
        for key, wanted in expect.get(part, {}).items():
            check_value(f"{part}.{key}", wanted, result[part].get(key))
    if "metric_names" in expect:
        check_value("metric_names", sorted(expect["metric_names"]),
                    sorted(result["metrics"]))
    if "findings" in expect:
        check_value("findings", expect["findings"], result["findings"])
    if "memory" in expect:
        check_value("memory", expect["memory"], result.get("memory"))
    for key in ("duration_us", "lag_us"):
        if not isinstance(result[key], int) or result[key] < 0:
            raise Wrong(f"{key}: is {result[key]!r}")


def run_worker(binary, kind, case, job, folder):
    """The result of one job, and what the worker wrote on stderr."""
    command = [binary, "worker", "probe", kind]
    if "netns" in case:
        command = servers.in_netns(case["netns"], command)
    environment = dict(os.environ, **case.get("env", {}))
    environment["TMPDIR"] = str(folder)
    done = subprocess.run(
        command, input=json.dumps({"job": job}) + "\n", text=True,
        capture_output=True, env=environment, check=False,
        timeout=job["timeout_ms"] / 1000 + GRACE_S)
    for line in done.stdout.splitlines():
        value = json.loads(line)
        if value.get("result", {}).get("id") == job["id"]:
            if done.returncode != 0:
                raise Wrong(f"the worker ended with {done.returncode}:\n"
                            f"{done.stderr[-4000:]}")
            return value["result"]
    raise Wrong(f"no result; the worker ended with {done.returncode} and said\n"
                f"{done.stdout[-1000:]}{done.stderr[-4000:]}")


def run_case(args, path, world, folder):
    case = json.loads(path.read_text(encoding="utf-8"))
    unknown = set(case) - KNOWN
    if unknown:
        raise Wrong(f"unknown keys in the case: {sorted(unknown)}")
    if "netns" in case:
        servers.need_netns()
    words = dict(world.words())
    started = []
    try:
        for name, description in case.get("servers", {}).items():
            server = world.start(fill(description, words))
            started.append(server)
            words[name] = server.port
        job = {"id": 1, "timeout_ms": case.get("timeout_ms", 5000),
               "probe": path.stem, "config": fill(case["config"], words),
               "memory": case.get("memory")}
        result = run_worker(args.binary, args.kind, case, job, folder)
        if args.verbose:
            print(json.dumps(result, indent=1, ensure_ascii=False))
        check_result(fill(case["expect"], words), result)
    finally:
        for server in started:
            server.stop()


def run_all(args, cases, world, folder):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for path in cases:
        began = time.monotonic()
        try:
            run_case(args, path, world, folder)
            status, detail = "passed", ""
        except servers.Missing as why:
            status, detail = "skipped", f": {why}"
        except (Wrong, OSError, ValueError, KeyError,
                subprocess.SubprocessError) as why:
            status, detail = "failed", f"\n    {type(why).__name__}: {why}"
        counts[status] += 1
        if status != "passed" or args.verbose:
            print(f"{status:8}{path.stem} ({time.monotonic() - began:.1f} s)"
                  f"{detail}", flush=True)
    return counts


def main():
    parser = argparse.ArgumentParser(description="Golden tests of a kind.")
    parser.add_argument("binary", type=lambda p: str(pathlib.Path(p).resolve()))
    parser.add_argument("kind")
    parser.add_argument("--only", default="*", metavar="PATTERN")
    parser.add_argument("-v", "--verbose", action="store_true")
    args = parser.parse_args()
    cases = [path for path in sorted((HERE / args.kind).glob("*.json"))
             if fnmatch.fnmatch(path.stem, args.only)]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-golden-"))
    folder.chmod(0o755)  # servers that drop privileges read from it
    world = servers.World(folder)
    try:
        counts = run_all(args, cases, world, folder)
    finally:
        world.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"golden/{args.kind}: {counts['passed']} passed, "
          f"{counts['failed']} failed, {counts['skipped']} skipped")
    for status, count in counts.items():  # as cmocka says it, to be counted
        print(f"[  {status.upper()}  ] {count} test(s).")
    return 1 if counts["failed"] or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
