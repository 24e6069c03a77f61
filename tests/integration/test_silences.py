"""Silences, maintenance windows, quiet hours and who is on call: with a real
agent, by command, by API and from the configuration; and every example of
their pages."""
import datetime
import json
import pathlib
import re
import shlex
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import ROOT, Case, main, read_alerts, stays, wait_for

QUIET_S = 3  # for what must not happen


def utc(**delta):
    """A moment from now, as a person writes it."""
    at = (datetime.datetime.now(datetime.timezone.utc)
          + datetime.timedelta(**delta))
    return at.strftime("%Y-%m-%d %H:%M")


class Quiet(Case):
    """An agent with file channels, and its silences."""

    def setUp(self):
        super().setUp()
        self.tocsin = self.agent()

    def configure(self, routes=None, names=("log",), **top):
        self.tocsin.configure(
            channels={name: {"kind": "file",
                             "path": str(self.folder / f"{name}.jsonl")}
                      for name in names}, routes=routes, **top)

    def start(self, routes=None, names=("log",), **top):
        self.configure(routes, names, **top)
        self.tocsin.start()

    def open(self, title="it burns", **body):
        body = {"title": title, "severity": "critical", **body}
        reply = self.tocsin.api("POST", "/api/v1/incidents", body)
        self.assertEqual(reply.status, 201, reply)
        return reply.json()["id"]

    def act(self, identity, act):
        self.tocsin.cli("incident", act, "-c", self.tocsin.config_file,
                        identity, check=0)

    def events(self, identity, name="log"):
        return [alert["event"]
                for alert in read_alerts(self.folder / f"{name}.jsonl")
                if alert["incident"]["id"] == identity]

    def wait_events(self, identity, expected, name="log"):
        wait_for(lambda: self.events(identity, name) == expected,
                 f"{name} to hear {expected}")

    def assert_untold(self, identity, so_far=()):
        stays(lambda: self.events(identity) == list(so_far), QUIET_S,
              "nobody is told")

    def timeline(self, identity):
        return [line["text"] for line in
                self.tocsin.incident(identity)["timeline"]]

    def silence(self, *words, check=0):
        return self.tocsin.cli("silence", *words, "-c",
                               self.tocsin.config_file, check=check)

    def add(self, *words):
        done = self.silence("add", *words, "--json")
        return json.loads(done.stdout)

    def listed(self, *words):
        done = self.silence("list", *words, "--json")
        return {s["id"]: s for s in json.loads(done.stdout)["silences"]}

    def post(self, **body):
        return self.tocsin.api("POST", "/api/v1/silences", body)


class Silences(Quiet):
    # ---- what is kept back, and what is not ----

    def test_nobody_is_told_until_it_is_removed(self):
        self.start()
        made = self.add("--label", "team=web", "--for", "1h",
                        "--reason", "database upgrade", "--by", "anna")
        web = self.open(labels={"team": "web"})
        other = self.open(labels={"team": "db"})
        over = self.open(labels={"team": "web"})
        self.act(over, "resolve")
        self.wait_events(other, ["opened"])
        self.assert_untold(web)
        text = self.timeline(web)[0]
        self.assertIn(f"(not told: silence {made['id']} by anna until ", text)
        self.assertIn(" UTC: database upgrade)", text)
        self.silence("remove", made["id"])
        self.wait_events(web, ["opened"])
        self.assert_untold(over)
        self.assertEqual(self.listed(), {})
        self.tocsin.wait_log(f'msg="silence removed" id={made["id"]}')

    def test_what_still_burns_is_told_when_it_ends(self):
        self.start()
        made = self.add("--all", "--for", "5s", "--reason", "drill")
        self.wait_events(self.open(), ["opened"])
        told = read_alerts(self.folder / "log.jsonl")[0]["at"]
        self.assertGreaterEqual(told, made["active_until"])

    def test_who_was_told_is_told_of_the_end(self):
        self.start()
        identity = self.open()
        self.wait_events(identity, ["opened"])
        self.add("--incident", identity[:6], "--for", "1h",
                 "--reason", "spare part comes tomorrow")
        self.act(identity, "resolve")
        self.wait_events(identity, ["opened", "resolved"])

    def test_no_further_page_while_it_is_silenced(self):
        self.start([{"notify": ["log"], "escalate": [
            {"after": "10s", "notify": ["second"]}]}], ("log", "second"))
        quiet, loud = self.open(), self.open()
        made = self.add("--incident", quiet, "--for", "1h", "--reason", "x")
        self.assertEqual(made["incident"], quiet)
        self.wait_events(loud, ["escalated"], "second")
        stays(lambda: self.events(quiet, "second") == [], QUIET_S,
              "the next step is held back")
        self.silence("remove", made["id"])
        self.wait_events(quiet, ["escalated"], "second")

    def test_maintenance_from_the_configuration_and_by_reload(self):
        top = {"maintenance": [{
            "name": "move", "match": {"component": "Patient *"},
            "from": utc(hours=-1), "until": utc(hours=1),
            "reason": "new racks"}]}
        self.start(**top)
        identity = self.open(component="Patient portal")
        self.assert_untold(identity)
        self.assertIn("(not told: maintenance move until ",
                      self.timeline(identity)[0])
        refused = self.silence("remove", "move", check=2)
        self.assertIn("stands in the configuration", refused.stderr)
        self.configure()
        self.tocsin.cli("reload", "-c", self.tocsin.config_file, check=0)
        self.wait_events(identity, ["opened"])
        self.assertEqual(self.listed(), {})
        self.configure(**top)
        self.tocsin.cli("reload", "-c", self.tocsin.config_file, check=0)
        self.assert_untold(self.open(component="Patient portal"))

    def test_quiet_hours_let_pass_what_matters(self):
        self.start(quiet_hours=[
            {"name": "always", "when": "00:00-24:00", "below": "high"}])
        low, high = self.open(severity="medium"), self.open(severity="high")
        self.wait_events(high, ["opened"])
        self.assert_untold(low)
        self.assertIn("quiet hours always", self.timeline(low)[0])

    def test_windows_that_come_again(self):
        self.start()
        now = datetime.datetime.now(datetime.timezone.utc)
        today, tomorrow, _, other = (
            (now + datetime.timedelta(days=n)).strftime("%a")
            for n in range(4))
        made = self.add("--maintenance", "--label", "team=web", "--when",
                        f"{today}, {tomorrow} 00:00-24:00", "--time-zone", "UTC",
                        "--reason", "patches")
        self.assertEqual((made["state"], made["kind"]),
                         ("active", "maintenance"))
        later = self.add("--maintenance", "--label", "team=db", "--when",
                         f"{other} 02:00-04:00", "--time-zone", "UTC",
                         "--reason", "patches")
        self.assertEqual(later["state"], "pending")
        self.assertIn("T02:00:00.000Z", later["next_begin"])
        told = self.open(labels={"team": "db"})
        self.wait_events(told, ["opened"])
        self.assert_untold(self.open(labels={"team": "web"}))

    # ---- it is kept ----

    def test_it_survives_a_crash(self):
        self.start()
        made = self.add("--all", "--for", "1h", "--reason", "drill")
        self.tocsin.kill()
        self.tocsin.start()
        self.assertEqual(self.listed(), {made["id"]: made})
        self.assert_untold(self.open())
        self.silence("remove", made["id"])
        self.tocsin.kill()
        self.tocsin.start()
        self.assertEqual(self.listed("--all"), {})

    def test_what_ended_is_shown_on_demand(self):
        self.start()
        made = self.add("--all", "--for", "1s", "--reason", "drill")
        wait_for(lambda: self.listed() == {}, "it to end")
        self.assertEqual(self.listed("--all")[made["id"]]["state"], "over")

    # ---- refusals ----

    def test_commands_that_say_too_little(self):
        self.start()
        self.silence("add", "--all", "--for", "1h", "--reason", "x")
        for words, says in (
                (("--for", "1h", "--reason", "x"), "or --all"),
                (("--all", "--reason", "x"), "say for how long"),
                (("--all", "--for", "1h"), "say why"),
                (("--all", "--probe", "p", "--for", "1h", "--reason", "x"),
                 "all: something is matched as well"),
                (("--all", "--for", "forever", "--reason", "x"),
                 '"forever" is not a duration'),
                (("--all", "--until", "tomorrow", "--reason", "x"),
                 '"tomorrow" is no date and time'),
                (("--all", "--until", "2026-01-01 00:00", "--reason", "x"),
                 "until: is already past"),
                (("--all", "--until", "2059-01-01 00:00", "--time-zone",
                  "Berlin", "--reason", "x"), "did you mean Europe/Berlin?"),
                (("--probe", "[a", "--for", "1h", "--reason", "x"),
                 "has a [ without a ]"),
                (("--label", "team", "--for", "1h", "--reason", "x"),
                 "write --label NAME=VALUE"),
                (("--incident", "zzzz", "--for", "1h", "--reason", "x"),
                 "there is no incident zzzz"),
                (("--all", "--when", "Sun 02:00-04:00", "--reason", "x"),
                 "--when is for --maintenance"),
                (("--maintenance", "--all", "--when", "Sunday night",
                  "--reason", "x"), "when: expected a day such as Mon")):
            with self.subTest(words=words):
                done = self.silence("add", *words, check=2)
                self.assertIn(says, done.stderr)
                self.assertEqual(done.stdout, "")
        self.assertIn("there is no silence 00000",
                      self.silence("remove", "00000", check=2).stderr)
        self.assertEqual(len(self.listed()), 1)

    def test_requests_that_are_wrong(self):
        self.start(http={"listen": f"127.0.0.1:{self.tocsin.port}",
                         "token": "a-token-of-some-length"})
        good = {"all": True, "for": "1h", "reason": "x", "author": "kim"}
        for wrong, says in (
                ({"author": None}, "author"), ({"reason": ""}, "reason"),
                ({"kind": "nap"}, "kind"), ({"kind": "quiet_hours"}, "kind"),
                ({"name": "mine"}, "name: it gets an id"),
                ({"matsch": {}}, "did you mean match?"),
                ({"for": 3600}, "for"), ({"author": "x" * 64}, "author"),
                ({"match": {"probe": 5}}, "match"),
                ({"below": "high"}, "below")):
            body = {k: v for k, v in {**good, **wrong}.items()
                    if v is not None}
            with self.subTest(wrong=wrong):
                reply = self.post(**body)
                self.assertEqual(reply.status, 400, reply)
                self.assertIn(says, reply.json()["error"])
        reply = self.tocsin.tcp("POST", "/api/v1/silences", good)
        self.assertEqual(reply.status, 401)
        self.assertEqual(self.tocsin.get("/api/v1/silences"),
                         {"silences": []})
        self.assertEqual(self.tocsin.api(
            "GET", "/api/v1/silences?status=none").status, 400)
        self.assertEqual(self.post(**good).status, 201)
        self.assertEqual(self.tocsin.api(
            "POST", "/api/v1/silences/none/remove", {}).status, 404)

    def test_a_thousand_are_enough(self):
        self.start()
        body = {"match": {"probe": "p"}, "for": "1h", "reason": "x",
                "author": "kim"}
        self.post(**{**body, "for": "1s"})
        wait_for(lambda: self.listed() == {}, "the first one to end")
        for _ in range(1000):
            self.assertEqual(self.post(**body).status, 201)
        reply = self.post(**body)
        self.assertEqual(reply.status, 409)
        self.assertIn("1000 silences", reply.json()["error"])
        self.assertEqual(len(self.listed()), 1000)


class OnCall(Quiet):
    PEOPLE = {"anna": {"notify": ["first"]}, "bob": {"notify": ["second"]}}

    def oncall(self, *words, check=0):
        return self.tocsin.cli("oncall", "-c", self.tocsin.config_file,
                               *words, check=check)

    def rotations(self, *words):
        return json.loads(self.oncall("--json", *words).stdout)["rotations"]

    def test_whoever_has_it_is_told(self):
        def rotation(*people, **more):
            return {"rotations": {"web": {"people": list(people), **more}}}

        self.start([{"notify": ["web"]}], ("first", "second"),
                   people=self.PEOPLE, **rotation("anna"))
        one = self.open()
        self.wait_events(one, ["opened"], "first")
        swap = {"person": "bob", "from": utc(hours=-1), "until": utc(hours=1)}
        self.configure([{"notify": ["web"]}], ("first", "second"),
                       people=self.PEOPLE,
                       **rotation("anna", overrides=[swap]))
        self.tocsin.cli("reload", "-c", self.tocsin.config_file, check=0)
        two = self.open()
        self.wait_events(two, ["opened"], "second")
        self.act(one, "resolve")
        self.wait_events(one, ["opened", "resolved"], "first")
        self.assertEqual(self.events(two, "first"), [])
        self.assertEqual(self.events(one, "second"), [])
        row = self.tocsin.get("/api/v1/oncall")["rotations"][0]
        self.assertEqual((row["rotation"], row["person"], row["next"]),
                         ("web", "bob", "anna"))
        self.assertEqual(self.rotations(), [row])

    def test_who_has_it_when(self):
        self.configure(names=("first", "second"), people=self.PEOPLE,
                       rotations={
            "web": {"people": ["anna", "bob"], "start": "2026-01-05",
                    "time_zone": "Europe/Berlin"},
            "night": {"people": ["bob"]}})
        at = "2026-03-29T12:00:00Z"  # the clocks changed that morning
        self.assertEqual(self.rotations("--at", at, "web"), [{
            "rotation": "web", "person": "bob", "channels": ["second"],
            "until": "2026-03-30T07:00:00.000Z", "next": "anna",
            "time_zone": "Europe/Berlin"}])
        night = self.rotations("--at", at)[1]
        self.assertEqual((night["person"], night["until"], night["next"]),
                         ("bob", None, None))
        shown = self.oncall("--at", at).stdout.splitlines()
        self.assertEqual([line.split()[:2] for line in shown],
                         [["ROTATION", "ON"], ["web", "bob"],
                          ["night", "bob"]])
        self.assertIn("there is no rotation wbe",
                      self.oncall("wbe", check=2).stderr)
        self.assertIn("no date and time",
                      self.oncall("--at", "noon", check=2).stderr)


class Pages(Quiet):
    """What the pages show is right. Their dates are moved out of the past."""

    NEXT = str(datetime.date.today().year + 1)

    def commands(self, page):
        text = (ROOT / "docs" / page).read_text()
        text = re.sub(r"\b2026-", self.NEXT + "-", text)
        return [shlex.split(found)[1:] for found in
                re.findall(r"(?:^    |`)(tocsin (?:silence|oncall)[^`\n]*)",
                           text, re.M)]

    def test_silences(self):
        self.start()
        identity = self.open()
        shown = [words for words in self.commands("silences.md")
                 if words[:2] == ["silence", "add"] and len(words) > 2]
        self.assertEqual(len(shown), 6)
        for words in shown:
            with self.subTest(words=words):
                words = [identity[:4] if w == "7k3q" else w for w in words]
                self.silence(*words[1:])
        self.assertEqual(len(self.listed()), len(shown))
        listed = self.silence("list").stdout
        for text in ("probe=portal*", "team=web", "everything", "patches"):
            self.assertIn(text, listed)

    def test_on_call(self):
        page = (ROOT / "docs/on-call.md").read_text()
        config = re.search(r"```yaml\n(.*?)```", page, re.S).group(1)
        self.tocsin.write_config(config)
        shown = [words for words in self.commands("on-call.md") if
                 words[0] == "oncall"]
        self.assertEqual(len(shown), 2)
        for words in shown:
            self.tocsin.cli(*words, "-c", self.tocsin.config_file, check=0)
        done = self.tocsin.cli("oncall", "-c", self.tocsin.config_file,
                               "--at", "2026-12-24T19:00:00Z", "web", check=0)
        row = re.search(r"```text\n.*?\n(.*?)\n```", page, re.S).group(1)
        self.assertEqual(done.stdout.splitlines()[1].split()[:3],
                         row.split()[:3])
        self.assertEqual(done.stdout.split()[-1], row.split()[-1])

    def test_api(self):
        self.start()
        page = (ROOT / "docs/api.md").read_text()
        body = re.search(r"/api/v1/silences -d '(.*?)'", page, re.S).group(1)
        made = self.post(**json.loads(body)).json()
        text = re.search(r'\n    (\{"id":"4k2x9".*?), …\}', page).group(1)
        promised = json.loads(text + "}")
        for key in ("kind", "state", "matches"):
            self.assertEqual(made[key], promised[key])
        self.assertEqual(list(made)[:len(promised) - 1],
                         list(promised)[:-1])


if __name__ == "__main__":
    main()
