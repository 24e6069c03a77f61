"""docs/alerts.md: its routes and what `tocsin route explain` says of them."""
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import ROOT, STATUS_FAILED, Case, main, run_cli

PAGE = ROOT / "docs/alerts.md"
CHANNELS = ("pager", "oncall-mail", "second-line", "manager", "web-chat")


class Explain(Case):
    def setUp(self):
        super().setUp()
        routes = re.search(r"```yaml\n(routes:.*?)```", PAGE.read_text(),
                           re.S)[1]
        self.config = self.folder / "tocsin.yaml"
        self.config.write_text(
            f"state: sqlite:{self.folder}/state.db\n{routes}channels:\n" +
            "".join(f"  {name}: {{kind: file, path: {self.folder}/{name}}}\n"
                    for name in CHANNELS) +
            "probes:\n  - {name: portal, kind: uptime, severity: critical, "
            "target: 'https://portal.example.org/', "
            "component: Patient portal, labels: {team: web}}\n")

    def explain(self, *words, code=0):
        done = run_cli("route", "explain", "-c", self.config, *words)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_the_page_shows_what_it_says(self):
        shown = re.search(r"    \$ tocsin route explain .*?\n\n",
                          PAGE.read_text(), re.S)[0]
        command, *lines = (row[4:] for row in shown.rstrip().split("\n"))
        said = self.explain(*command.split()[4:],
                            "--at", "2026-11-22T03:00:00Z")
        self.assertEqual(said.rstrip().split("\n"), lines)

    def test_other_cases(self):
        said = self.explain("-p", "portal", "-s", "high")
        self.assertIn("web-chat", said)
        self.assertIn("component=Patient portal (waits 30 s)", said)
        said = self.explain("-p", "portal", "-s", "info", "--component",
                            "Billing")
        self.assertIn("nobody is told, on purpose", said)
        plan = json.loads(self.explain("-p", "new", "-l", "team=db",
                                       "--json"))
        self.assertEqual(plan["pages"][0]["route"], 0)
        self.assertEqual(sorted(plan["pages"][0]["channels"]),
                         sorted(CHANNELS))

    def test_mistakes(self):
        for words, needed in (
                ([], "--probe NAME"),
                (["-p", "x", "-s", "bad"], "--severity bad"),
                (["-p", "x", "-l", "team"], "NAME=VALUE"),
                (["-p", "x", "--at", "noon"], "--at noon")):
            self.assertIn(needed, self.explain(*words, code=STATUS_FAILED))
        self.config.write_text("routes: 5\n")
        self.assertIn("tocsin.yaml:1",
                      self.explain("-p", "x", code=STATUS_FAILED))


if __name__ == "__main__":
    main()
