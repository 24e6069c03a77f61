#!/usr/bin/python3
"""What is made of the tables: pages, the man page, completions.

    tests/golden/config/docs.py BINARY [--update] [unittest's arguments]

--update writes docs/configuration.md.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/configuration.md"
TOP = {"state", "agent", "http", "history", "heartbeat", "defaults", "probes",
       "channels", "routes", "people", "rotations", "silences", "maintenance",
       "quiet_hours"}
# Texts that are fit for what a page refers to, by the key that they stand
# behind; WORD for all others.
SECRETS = {
    "secret": "whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg==",
    "previous_secret": "whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg==",
    "private_key": "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
    "link_key": "aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMmh1bnQ=",
    "routing_key": "hunter2hunter2hunter2hunter2hunt",
    "url": "https://hooks.example.org/x",
}
WORD = "hunter2hunter2hunter2hunter2hu"
REFERENCE = re.compile(r"""(?:(\w+):\s*"?)?(?<!\$)\$\{[a-z]+:[^}]*\}""")
CHANNEL = "{kind: file, path: /var/log/tocsin/alerts.jsonl}"


def tocsin(*words):
    return subprocess.run([BINARY, *map(str, words)], capture_output=True,
                          text=True, timeout=120, stdin=subprocess.DEVNULL,
                          env={**os.environ, "GOLDEN_WORD": WORD,
                               **{f"GOLDEN_{key.upper()}": text
                                  for key, text in SECRETS.items()}})


def blocks(path):
    """(line, text) of each yaml block, those in lists outdented."""
    text = path.read_text()
    for found in re.finditer(r"^( *)```ya?ml\n(.*?)^\1```", text,
                             re.M | re.S):
        line = text.count("\n", 0, found.start()) + 2
        indent = found.group(1)
        yield line, "".join(row.removeprefix(indent) for row in
                            found.group(2).splitlines(keepends=True))


def kinds_of(value):
    items = value.get("probes") or [] if isinstance(value, dict) else value
    return {item.get("kind") for item in items if isinstance(item, dict)}


def named(value):
    """Who is told, by routes and people."""
    routes = value.get("routes") or []
    steps = [step for route in routes for step in route.get("escalate", [])]
    people = (value.get("people") or {}).values()
    wanted = set()
    for item in [*routes, *steps, *people]:
        names = item.get("notify", [])
        wanted |= {names} if isinstance(names, str) else set(names)
    return wanted


def stand_in(found):
    key = found[1] or ""
    name = f"GOLDEN_{key.upper()}" if key in SECRETS else "GOLDEN_WORD"
    return found[0][:found[0].index("${")] + "${env:" + name + "}"


def configuration(text, kinds):
    """The text as a whole configuration, or None if it is none (or is of a
    kind that a reader of the page is to write)."""
    value = yaml.safe_load(text)
    if isinstance(value, (dict, list)) and kinds_of(value) - kinds:
        return None
    if isinstance(value, list) and all(
            isinstance(item, dict) and "kind" in item for item in value):
        text = "probes:\n" + text
        value = {"probes": value}
    if not isinstance(value, dict) or not value or not set(value) <= TOP:
        return None
    wanted = named(value) - set(value.get("people") or {})
    wanted -= set(value.get("rotations") or {})
    if wanted and "channels" not in value:  # a page about routes has none
        text += "\nchannels:\n" + "".join(
            f"  {name}: {CHANNEL}\n" for name in sorted(wanted))
    # What a page refers to is not there.
    return REFERENCE.sub(stand_in, text)


class Pages(unittest.TestCase):
    def test_configuration_page_is_fresh(self):
        made = tocsin("manual", "--configuration").stdout
        if UPDATE:
            PAGE.write_text(made)
        self.assertTrue(PAGE.exists(), f"{PAGE} is missing")
        self.assertEqual(
            PAGE.read_text(), made,
            f"{PAGE} is stale: run tocsin manual --configuration > {PAGE}")

    def test_yaml_blocks_are_good(self):
        tried = 0
        kinds = set(re.findall(r"^  ([a-z]+) ", tocsin("kinds").stdout, re.M))
        pages = sorted(ROOT.glob("docs/**/*.md")) + [ROOT / "README.md"]
        for page in (p for p in pages if p.exists()):
            for line, text in blocks(page):
                whole = configuration(text, kinds)
                if whole is None:
                    continue
                tried += 1
                with self.subTest(f"{page.relative_to(ROOT)}:{line}"), \
                        tempfile.TemporaryDirectory() as folder:
                    path = pathlib.Path(folder) / "t.yaml"
                    path.write_text(whole)
                    done = tocsin("config", "check", "-c", path)
                    self.assertEqual(done.returncode, 0,
                                     f"{done.stderr}\n{whole}")
        self.assertGreater(tried, 2)


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        listed = tocsin("--help").stdout
        cls.names = re.findall(r"^  ([a-z]+(?: [a-z]+)?)  ", listed, re.M)

    def test_each_command_has_help(self):
        self.assertIn("config check", self.names)
        for name in self.names:
            with self.subTest(name):
                done = tocsin(*name.split(), "--help")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(f"usage: tocsin {name}", done.stdout)

    def test_each_kind_has_help(self):
        listed = tocsin("kinds").stdout
        for name in re.findall(r"^  ([a-z]+) ", listed, re.M):
            with self.subTest(name):
                self.assertEqual(tocsin("kinds", name).returncode, 0)
                self.assertEqual(tocsin("kinds", name, "--json").returncode,
                                 0)

    def test_typos(self):
        for words, said in (
                (["stats"], "did you mean `status`?"),
                (["config", "chekc"], "tocsin config check"),
                (["config", "check", "--confg", "x"], "did you mean --config"),
                (["config", "check", "x"], "what is `x`?"),
                (["config", "check", "-c"], "-c needs a value"),
                (["kinds", "uptme"], "no kind uptme"),
                (["probe", "uptme", "x"], "no probe kind uptme"),
                (["probe"], "something is missing"),
                (["probe", "uptime"], "target: required key is missing"),
                (["probe", "uptime", "tcp://192.0.2.1:1", "-o", "metod=x"],
                 "did you mean method?"),
                (["completion", "csh"], "not bash, zsh or fish"),
                ([], "usage: tocsin")):
            with self.subTest(words):
                done = tocsin(*words)
                self.assertEqual(done.returncode, 2)
                self.assertEqual(done.stdout, "")
                self.assertIn(said, done.stderr)

    def test_version(self):
        self.assertRegex(tocsin("--version").stdout, r"^tocsin \d+\.\d+")

    def test_man_page(self):
        page = tocsin("manual").stdout
        self.assertTrue(page.startswith(".TH TOCSIN 8"))
        for name in self.names:
            self.assertIn(f"\n.B {name}\n", page)
        if shutil.which("groff"):
            done = subprocess.run(
                ["groff", "-ww", "-man", "-Tutf8"], input=page,
                capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def complete(self, *words):
        script = tocsin("completion", "bash").stdout + """
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_tocsin
printf '%s\\n' "${COMPREPLY[@]}"
"""
        done = subprocess.run(
            ["bash", "-c", script, "bash", "tocsin", *words], text=True,
            capture_output=True, timeout=60, cwd="/",
            env={"PATH": f"{pathlib.Path(BINARY).parent}:/usr/bin:/bin"})
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash_completion(self):
        self.assertEqual(set(self.complete("")) - {"--help", "--version"},
                         {name.split()[0] for name in self.names})
        self.assertEqual(self.complete("conf"), ["config"])
        self.assertEqual(sorted(self.complete("config", "")),
                         ["check", "schema", "show"])
        self.assertEqual(self.complete("config", "check", "--j"), ["--json"])
        self.assertIn("uptime", self.complete("kinds", ""))
        self.assertEqual(self.complete("config", "check", "-c", "et"),
                         ["etc"])

    def test_other_completions(self):
        for shell, flag in (("zsh", "-n"), ("fish", "-n")):
            script = tocsin("completion", shell).stdout
            self.assertIn("tocsin", script)
            if not shutil.which(shell):
                continue
            with tempfile.NamedTemporaryFile("w", suffix=shell) as file:
                file.write(script)
                file.flush()
                done = subprocess.run([shell, flag, file.name],
                                      capture_output=True, text=True,
                                      timeout=60)
                self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    UPDATE = "--update" in sys.argv
    if UPDATE:
        sys.argv.remove("--update")
    BINARY = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=1)
