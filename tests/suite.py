#!/usr/bin/python3
"""Runs Python test files, each in a process of its own.

    tests/suite.py [--jobs N] [--only PATTERN] [--counts FILE] FILE…

Prints one line a case; the counts go to FILE as JSON for tests/run.
"""
import argparse
import concurrent.futures
import fnmatch
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

TESTS = pathlib.Path(__file__).resolve().parent
FILE_TIMEOUT_S = float(os.environ.get("TOCSIN_TEST_FILE_TIMEOUT", "1500"))


class Recorder(unittest.TestResult):
    """Writes one JSON line per finished case to a stream."""

    def __init__(self, stream):
        super().__init__()
        self.stream = stream
        self.began = 0.0

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def put(self, test, status, detail=""):
        self.stream.write(json.dumps({
            "name": test.id(), "status": status, "detail": detail,
            "seconds": round(time.monotonic() - self.began, 2)}) + "\n")
        self.stream.flush()

    def addSuccess(self, test):
        super().addSuccess(test)
        self.put(test, "passed")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.put(test, "failed", self._exc_info_to_string(err, test))

    def addError(self, test, err):
        super().addError(test, err)
        self.began = self.began or time.monotonic()
        self.put(test, "failed", self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.began = self.began or time.monotonic()
        self.put(test, "skipped", reason)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.put(subtest, "failed", self._exc_info_to_string(err, test))


def cases(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from cases(item)
        else:
            yield item


def run_one(path, only, results):
    """Child: load one file, run its cases that match, record them."""
    sys.path.insert(0, str(TESTS))
    name = pathlib.Path(path).stem
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    with open(results, "w", encoding="utf-8") as stream:
        recorder = Recorder(stream)
        try:
            spec.loader.exec_module(module)
        except unittest.SkipTest as skip:
            stream.write(json.dumps({"name": name, "status": "skipped",
                                     "detail": str(skip), "seconds": 0}) + "\n")
            return 0
        suite = unittest.defaultTestLoader.loadTestsFromModule(module)
        if only:
            suite = unittest.TestSuite(
                case for case in cases(suite)
                if fnmatch.fnmatch(f"{path}:{case.id()}", f"*{only}*"))
        suite.run(recorder)
    return 0


def run_file(path, only):
    """Parent: one file in a child; its rows and whatever it printed."""
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as results:
        words = [sys.executable, __file__, "--child", results.name, str(path)]
        if only:
            words += ["--only", only]
        trouble = ""
        with tempfile.TemporaryFile(mode="w+") as output:
            try:
                done = subprocess.run(
                    words, stdin=subprocess.DEVNULL, stdout=output,
                    stderr=subprocess.STDOUT, timeout=FILE_TIMEOUT_S,
                    check=False)
                if done.returncode != 0:
                    trouble = f"ended with {done.returncode}"
            except subprocess.TimeoutExpired:
                trouble = f"did not end within {FILE_TIMEOUT_S:.0f} s"
            output.seek(0)
            printed = output.read()
        rows = [json.loads(line) for line in
                pathlib.Path(results.name).read_text().splitlines()]
    if trouble:
        rows.append({"name": pathlib.Path(path).stem, "status": "failed",
                     "detail": f"{trouble}\n{printed}", "seconds": 0})
    return rows, printed


def show(path, rows, printed):
    area = pathlib.Path(path).resolve().parent.name
    failed = False
    for row in rows:
        word = {"passed": "ok", "failed": "FAILED", "skipped": "skipped"}
        line = f"{word[row['status']]:8}{area}/{row['name']}"
        line += f"  {row['seconds']:.1f} s"
        if row["status"] == "skipped":
            line += f"  ({row['detail']})"
        print(line)
        if row["status"] == "failed":
            failed = True
            print("    " + row["detail"].rstrip().replace("\n", "\n    "))
    for line in printed.splitlines():
        if line.startswith("note: "):
            print(f"        {line[6:]}")
    if failed and printed.strip():
        print("    what it printed:")
        print("    " + printed.rstrip().replace("\n", "\n    "))
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--counts")
    parser.add_argument("--child")
    parser.add_argument("files", nargs="*")
    wanted = parser.parse_args()
    if wanted.child:
        return run_one(wanted.files[0], wanted.only, wanted.child)
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    with concurrent.futures.ThreadPoolExecutor(wanted.jobs) as pool:
        runs = {pool.submit(run_file, path, wanted.only): path
                for path in wanted.files}
        for run in concurrent.futures.as_completed(runs):
            rows, printed = run.result()
            show(runs[run], rows, printed)
            for row in rows:
                counts[row["status"]] += 1
    if wanted.counts:
        pathlib.Path(wanted.counts).write_text(json.dumps(counts))
    print(", ".join(f"{counts[k]} {k}" for k in counts))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
