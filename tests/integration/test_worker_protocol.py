"""The examples of docs/worker-protocol.md, run; and lines no worker takes."""
import json
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import PATIENCE, ROOT, Case, binary, main
from peers.nginx import Nginx

PAGE = ROOT / "docs/worker-protocol.md"
EXAMPLE = re.compile(r"<!-- example: ([a-z ]+) -->\n```\n(.*?)```", re.S)
ANY = "\0any"


def talk(words, lines):
    """Feed a worker; its lines as JSON, and how it ended."""
    done = subprocess.run(
        [binary(), *words], input="".join(line + "\n" for line in lines),
        capture_output=True, text=True, timeout=30 * PATIENCE, check=False)
    return ([json.loads(line) for line in done.stdout.splitlines()],
            done.returncode, done.stderr)


def fits(pattern, value):
    if pattern == ANY:
        return True
    if isinstance(pattern, dict):
        return (isinstance(value, dict) and set(pattern) == set(value)
                and all(fits(pattern[key], value[key]) for key in pattern))
    if isinstance(pattern, list):
        return (isinstance(value, list) and len(pattern) == len(value)
                and all(map(fits, pattern, value)))
    return pattern == value


class Examples(Case):
    def test_page(self):
        web = self.peer(Nginx()).start()
        examples = EXAMPLE.findall(PAGE.read_text())
        self.assertGreaterEqual(len(examples), 6)
        for words, block in examples:
            block = block.replace("127.0.0.1:8080", f"127.0.0.1:{web.port}")
            block = block.replace("/tmp/alerts.jsonl",
                                  str(self.folder / "alerts.jsonl"))
            rows = block.splitlines()
            sent = [row[2:] for row in rows if row.startswith("→ ")]
            expected = [
                json.loads(row[2:].replace("…", json.dumps(ANY)))
                for row in rows if row.startswith("← ")]
            self.assertEqual(len(sent) + len(expected), len(rows), block)
            with self.subTest(words=words, sent=sent[-1:]):
                got, status, log = talk(words.split(), sent)
                self.assertEqual(status, 0, log)
                self.assertTrue(fits(expected, got), f"{expected}\n{got}")


class Refusals(unittest.TestCase):
    JOB = {"id": 1, "timeout_ms": 1000, "probe": "p",
           "config": {"target": "http://127.0.0.1:1/"}, "memory": None}

    def refused(self, line, words=("worker", "probe", "uptime")):
        got, status, log = talk(words, [line])
        self.assertEqual(status, 2, (line[:80], log))
        self.assertEqual(len(got), 1, got[1:])  # the hello alone
        self.assertIn("core", log)

    def job(self, **changes):
        return json.dumps({"job": {**self.JOB, **changes}})

    def test_lines_that_end_a_worker(self):
        for line in ("", "[]", "{}", "nonsense", '{"job":{}}', '{"job":[]}',
                     '{"result":{"id":1}}', '{"job":{"id":1}} x',
                     self.job(id=-1), self.job(id=2**60), self.job(id="1"),
                     self.job(timeout_ms=0), self.job(timeout_ms=10**9),
                     '{"config":{}}', "[" * 100, "\x00",
                     '{"job":{"id":1,"id":2}}'):
            with self.subTest(line=line[:60]):
                self.refused(line)

    def test_too_long_a_line(self):
        self.refused('{"job":"' + "x" * (1024 * 1024 + 10) + '"}')

    def test_a_path_worker_wants_its_config_first(self):
        self.refused('{"job":{"id":1,"timeout_ms":1000,"message":{}}}',
                     ("worker", "path", "file"))

    def test_unknown_kinds_and_roles(self):
        for words in (("worker",), ("worker", "probe"),
                      ("worker", "probe", "nonsense"),
                      ("worker", "nonsense", "uptime"),
                      ("worker", "path", "uptime")):
            done = subprocess.run([binary(), *words], capture_output=True,
                                  stdin=subprocess.DEVNULL, text=True,
                                  timeout=30 * PATIENCE, check=False)
            self.assertEqual(done.returncode, 2, words)
            self.assertTrue(done.stderr.strip())

    def test_many_jobs_one_after_another(self):
        lines = [self.job(id=n) for n in range(1, 101)]
        got, status, log = talk(("worker", "probe", "uptime"), lines)
        self.assertEqual(status, 0, log)
        self.assertEqual(sorted(row["result"]["id"] for row in got[1:]),
                         list(range(1, 101)))


if __name__ == "__main__":
    main()
