#!/usr/bin/python3
"""Golden tests of the configuration; README.md says how a case is written.

    tests/golden/config/run.py BINARY [--update] [unittest's arguments]

--update writes what is printed now into the cases: read the diff well.
"""
import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import jsonschema
import yaml

HERE = pathlib.Path(__file__).resolve().parent
SECRET = "whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg=="
MARK = "#= "


def tocsin(*words, folder=None):
    environment = {name: value for name, value in os.environ.items()
                   if name != "CREDENTIALS_DIRECTORY"}
    environment["GOLDEN_SECRET"] = SECRET
    return subprocess.run([BINARY, *map(str, words)], cwd=folder,
                          env=environment, capture_output=True, text=True,
                          timeout=120, stdin=subprocess.DEVNULL)


def cases(kind):
    """(name, folder, main file) of each case."""
    for path in sorted((HERE / kind).iterdir()):
        if path.is_dir():
            yield path.name, path, "tocsin.yaml"
        elif path.suffix == ".yaml":
            yield path.stem, path.parent, path.name


def expected(path):
    lines = path.read_bytes().decode(errors="replace").splitlines()
    return [line[len(MARK):] for line in lines if line.startswith(MARK)]


def update(path, lines):
    old = [line for line in path.read_bytes().splitlines(keepends=True)
           if not line.startswith(MARK.encode())]
    path.write_bytes(b"".join(old) + "".join(
        f"{MARK}{line}\n" for line in lines).encode())


def printed(done, file):
    """The mistakes or warnings, without the main file's name."""
    lines = [line for line in done.stderr.splitlines()
             if not line[0].isdigit() or "mistake" not in line]
    return [line.removeprefix(file + ":") for line in lines]


class Cases(unittest.TestCase):
    maxDiff = None

    def check(self, folder, file, status):
        done = tocsin("config", "check", "-c", file, folder=folder)
        lines = printed(done, file)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertNotIn(SECRET, done.stdout + done.stderr)
        if UPDATE:
            update(folder / file, lines)
        self.assertEqual(lines, expected(folder / file))

    def test_bad(self):
        for name, folder, file in cases("bad"):
            with self.subTest(name):
                self.check(folder, file, 2)

    def test_bad_is_not_shown(self):
        shown = tocsin("config", "show", "-c", "typos.yaml",
                       folder=HERE / "bad")
        self.assertEqual((shown.returncode, shown.stdout), (2, ""))

    def test_bad_as_json(self):
        for name, folder, file in cases("bad"):
            if name not in ("typos", "conf-d", "tab", "hidden"):
                continue
            with self.subTest(name):
                done = tocsin("config", "check", "--json", "-c", file,
                              folder=folder)
                seen = json.loads(done.stdout)
                self.assertFalse(seen["ok"])
                self.assertEqual(done.returncode, 2)
                self.assertEqual(len(seen["mistakes"]),
                                 len(expected(folder / file)))

    def test_good(self):
        for name, folder, file in cases("good"):
            with self.subTest(name):
                self.check(folder, file, 0)

    def show(self, folder, file):
        done = tocsin("config", "show", "-c", file, folder=folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn(SECRET, done.stdout + done.stderr)
        return done.stdout

    def test_shown_is_good_again(self):
        for name, folder, file in cases("good"):
            first = self.show(folder, file)
            if "***" in first:  # a secret in clear does not come back
                continue
            with self.subTest(name), tempfile.TemporaryDirectory() as new:
                (pathlib.Path(new) / "tocsin.yaml").write_text(first)
                self.assertEqual(self.show(new, "tocsin.yaml"), first)

    def test_worst_cases(self):
        done = tocsin("config", "check", "--json", "-c", "everything.yaml",
                      folder=HERE / "good")
        rows = {row["name"]: row for row in json.loads(done.stdout)["probes"]}
        # the outage begins right after a run did, which went a second early;
        # each of the two runs that confirm it takes its whole timeout, which
        # is more than retry_every
        self.assertEqual(rows["portal"]["worst_case_ms"],
                         1000 + 30000 + 8000 + 8000)
        self.assertFalse(rows["old"]["enabled"])


class Limits(unittest.TestCase):
    def check(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "t.yaml"
            path.write_text(text)
            return tocsin("config", "check", "-c", path)

    def test_at_most_a_hundred_mistakes(self):
        done = self.check("".join(f"key-{i}: x\n" for i in range(500)))
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 101)
        self.assertEqual(lines[-1], "100 mistakes or more")
        self.assertIn(":100:9: key-99: ", lines[-2])

    def test_too_large(self):
        done = self.check("#" * (4 << 20) + "\nstate: x\n")
        self.assertEqual(done.returncode, 2)
        self.assertIn("larger than 4 MiB", done.stderr)

    def test_missing_file(self):
        done = tocsin("config", "check", "-c", "/nowhere/tocsin.yaml")
        self.assertEqual(done.returncode, 2)
        self.assertIn("/nowhere/tocsin.yaml: cannot read it: No such file",
                      done.stderr)

    def test_ten_thousand_probes(self):
        probes = "".join(
            f'  - {{name: p{i}, kind: uptime, target: "tcp://192.0.2.1:22", '
            f"depends_on: [p{i + 1}]}}\n" for i in range(9999))
        done = self.check(
            "channels: {l: {kind: file, path: /x/y}}\nprobes:\n" + probes +
            '  - {name: p9999, kind: uptime, target: "tcp://192.0.2.1:22"}\n')
        self.assertEqual(done.returncode, 0, done.stderr[:2000])
        self.assertIn("10000 probes", done.stdout)


class Schema(unittest.TestCase):
    """What `config schema` says fits what `config check` does."""

    @classmethod
    def setUpClass(cls):
        schema = json.loads(tocsin("config", "schema").stdout)
        jsonschema.Draft202012Validator.check_schema(schema)
        cls.validator = jsonschema.Draft202012Validator(schema)

    def load(self, folder, file):
        """One file, as an editor sees it; what is empty counts as absent."""
        def without_nulls(value):
            if isinstance(value, list):
                return [without_nulls(item) for item in value]
            if isinstance(value, dict):
                return {key: without_nulls(item)
                        for key, item in value.items() if item is not None}
            return value
        return without_nulls(yaml.safe_load((folder / file).read_text())
                             or {})

    def test_good(self):
        for name, folder, file in cases("good"):
            with self.subTest(name):
                errors = [f"{list(e.path)}: {e.message}" for e in
                          self.validator.iter_errors(self.load(folder, file))]
                self.assertEqual(errors, [])

    def maps(self, value, path=()):
        """The places of all maps whose keys are ours."""
        if isinstance(value, list):
            for i, item in enumerate(value):
                yield from self.maps(item, path + (i,))
        if not isinstance(value, dict) or path[-1:] in (("labels",),
                                                        ("headers",)):
            return
        if path != ("channels",):
            yield path
        for key, item in value.items():
            yield from self.maps(item, path + (key,))

    def test_each_misspelt_key_is_refused(self):
        good = self.load(HERE / "good", "everything.yaml")
        tried = 0
        for path in self.maps(good):
            at = good
            for step in path:
                at = at[step]
            for key in at:
                bad = copy.deepcopy(good)
                target = bad
                for step in path:
                    target = target[step]
                target[key + "_x"] = target.pop(key)
                tried += 1
                self.assertFalse(self.validator.is_valid(bad), (path, key))
        self.assertGreater(tried, 60)

    def test_bad_values_are_refused(self):
        for name in ("typos", "limits", "types", "missing"):
            self.assertFalse(
                self.validator.is_valid(self.load(HERE / "bad",
                                                  name + ".yaml")), name)


if __name__ == "__main__":
    UPDATE = "--update" in sys.argv
    if UPDATE:
        sys.argv.remove("--update")
    BINARY = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=1)
