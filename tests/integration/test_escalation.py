"""Who is told when: escalation, repetition, fallback, groups, storms,
acknowledgements that reach the others, restarts in between."""
import pathlib
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import Case, main, read_alerts, seconds_of, stays, wait_for
from metrics_text import parse, value
from peers.ntfy import Ntfy
from peers.webhook import SECRET, Webhook


class Told(Case):
    """An agent whose channels are files, and incidents opened by hand."""

    def setUp(self):
        super().setUp()
        self.tocsin = self.agent()

    def file(self, name, **keys):
        return dict(kind="file", path=str(self.folder / f"{name}.jsonl"),
                    **keys)

    def start(self, channels, routes, **top):
        self.tocsin.configure(channels=channels, routes=routes, **top)
        self.tocsin.start()

    def open(self, title="it burns", **body):
        body = {"title": title, "severity": "critical", **body}
        reply = self.tocsin.api("POST", "/api/v1/incidents", body)
        self.assertEqual(reply.status, 201, reply)
        return reply.json()["id"]

    def act(self, identity, act, **body):
        reply = self.tocsin.api(
            "POST", f"/api/v1/incidents/{identity}/{act}",
            {"actor": "kim", **body})
        self.assertEqual(reply.status, 200, reply)

    def heard(self, name, own=False):
        """[(event, message)] of a file channel; own: the agent's troubles."""
        path = self.folder / f"{name}.jsonl"
        return [(m["event"], m) for m in read_alerts(path)
                if own == (m["probe"]["name"].startswith("tocsin/path/"))] \
            if path.exists() else []

    def events(self, name):
        return [event for event, _ in self.heard(name)]

    def wait_events(self, name, expected, timeout=30):
        wait_for(lambda: self.events(name) == expected,
                 f"{name} to hear {expected}", timeout)


class Escalation(Told):
    ROUTES = [{"notify": ["first"], "repeat": "4s", "escalate": [
        {"after": "2s", "notify": ["second"]},
        {"after": "4s", "notify": ["third", "first"]}]}]

    def channels(self):
        return {name: self.file(name) for name in ("first", "second", "third")}

    def test_step_by_step_until_somebody_answers(self):
        self.start(self.channels(), self.ROUTES)
        identity = self.open()
        self.wait_events("first", ["opened"])
        self.wait_events("second", ["escalated"])
        self.wait_events("third", ["escalated"])
        self.wait_events("first", ["opened", "escalated"])
        opened = seconds_of(self.heard("first")[0][1]["at"])
        for name, after in (("second", 2), ("third", 4)):
            waited = seconds_of(self.heard(name)[0][1]["at"]) - opened
            self.assertTrue(after <= waited < after + 3, (name, waited))
        # 4 s after the last step it begins again, for all who were told.
        self.wait_events("second", ["escalated", "escalated"])
        text = self.heard("second")[-1][1]["timeline"][-1]["text"]
        self.assertIn("nobody has acknowledged it", text)
        self.act(identity, "acknowledge")
        for name in ("first", "second", "third"):
            wait_for(lambda: self.events(name)[-1] == "acknowledged",
                     f"{name} to hear who has it")
        before = {n: self.events(n) for n in ("first", "second", "third")}
        stays(lambda: before == {n: self.events(n) for n in before}, 6,
              "nobody is paged after the acknowledgement")
        self.act(identity, "resolve")
        for name in ("first", "second", "third"):
            wait_for(lambda: self.events(name)[-1] == "resolved",
                     f"{name} to hear of the end")

    def test_a_restart_rings_nobody_twice_and_forgets_nobody(self):
        routes = [{"notify": ["first"], "escalate": [
            {"after": "3s", "notify": ["second"]},
            {"after": "8s", "notify": ["third"]}]}]
        self.start(self.channels(), routes)
        identity = self.open()
        self.wait_events("second", ["escalated"])
        self.tocsin.kill()
        self.tocsin.start()
        self.wait_events("third", ["escalated"])
        self.assertEqual(self.events("first"), ["opened"])
        self.assertEqual(self.events("second"), ["escalated"])
        self.act(identity, "resolve")
        for name in ("first", "second", "third"):
            wait_for(lambda: self.events(name)[-1] == "resolved", name)

    def test_resolved_before_its_step_pages_nobody_else(self):
        self.start(self.channels(), self.ROUTES)
        identity = self.open()
        self.wait_events("first", ["opened"])
        self.act(identity, "resolve")
        self.wait_events("first", ["opened", "resolved"])
        stays(lambda: not self.events("second"), 4, "the second step is off")

    def test_rotations_and_people(self):
        self.start(self.channels(), [{"notify": ["primary"], "escalate": [
            {"after": "2s", "notify": ["bo"]}]}],
            people={"anna": {"notify": ["first"]},
                    "bo": {"notify": ["second", "third"]}},
            rotations={"primary": {"people": ["anna"], "every": "week",
                                   "hand_over": "Mon 09:00",
                                   "start": "2026-01-05",
                                   "time_zone": "Europe/Berlin"}})
        self.open()
        self.wait_events("first", ["opened"])
        self.wait_events("second", ["escalated"])
        self.wait_events("third", ["escalated"])

    def test_nobody_on_duty_is_everybody(self):
        channels = self.channels()
        channels["first"]["enabled"] = False
        self.start(channels, [{"notify": ["first"]}])
        self.open()
        self.wait_events("second", ["opened"])
        self.wait_events("third", ["opened"])


class Fallback(Told):
    def setUp(self):
        super().setUp()
        self.hook = self.peer(Webhook(secret=SECRET)).start()

    def hooked(self, **keys):
        return {"kind": "webhook", "url": self.hook.url, "secret": SECRET,
                "allow_http": True, "allow_addresses": ["127.0.0.0/8"],
                **keys}

    def test_what_is_not_proven_goes_out_by_another_path(self):
        self.hook.answer = ("status", 503)
        self.start({"hook": self.hooked(fallback_after="6s",
                                        fallback=["spare"]),
                    "other": self.file("other"), "spare": self.file("spare")},
                   [{"notify": ["hook"]}])
        identity = self.open()
        self.wait_events("spare", ["opened"])
        because = self.heard("spare")[0][1]["because"]
        self.assertIn("hook could not deliver it within", because)
        self.assertIn("503", because)
        self.assertEqual(self.events("other"), [])
        self.hook.answer = ("status", 200)
        self.act(identity, "resolve")
        self.wait_events("spare", ["opened", "resolved"])
        wait_for(lambda: [d.type for d in self.hook.messages()] ==
                 ["incident.opened", "incident.resolved"],
                 "the cured path to deliver its own", 60)

    def test_in_time_or_less_than_critical_stays(self):
        self.start({"hook": self.hooked(fallback_after="2s"),
                    "spare": self.file("spare")}, [{"notify": ["hook"]}])
        self.open()
        wait_for(lambda: self.hook.messages(), "the page")
        self.hook.answer = ("status", 503)
        self.open(severity="high")
        stays(lambda: self.events("spare") == [], 5, "no other path is used")

    def test_refused_for_good_falls_back_at_once(self):
        self.hook.answer = ("status", 400)
        self.start({"hook": self.hooked(fallback_after="10m"),
                    "spare": self.file("spare")}, [{"notify": ["hook"]}])
        self.open()
        self.wait_events("spare", ["opened"])


    def test_a_fallback_is_asked_for_until_somebody_has_it(self):
        other = self.peer(Webhook(secret=SECRET)).start()
        self.hook.answer = other.answer = ("status", 503)
        self.start({"hook": self.hooked(fallback_after="2s"),
                    "other": dict(self.hooked(), url=other.url)},
                   [{"match": {"severity": "critical"}, "notify": ["hook"]},
                    {"notify": ["other"]}])
        self.open(severity="low")  # which shows that other is sick
        wait_for(lambda: self.tocsin.channel("other")["last_error"],
                 "the other path to fail")
        identity = self.open()
        time.sleep(6)  # nobody can have it yet
        other.answer = ("status", 200)
        wait_for(lambda: any(d.data["incident"]["id"] == identity
                             for d in other.messages()),
                 "the other path to be told when it is well", 60)

    def test_a_channel_that_is_replaced_takes_no_alarm_with_it(self):
        self.hook.answer = ("status", 503)
        self.start({"hook": self.hooked(fallback_after="0s")},
                   [{"notify": ["hook"]}])
        identity = self.open(severity="high")
        wait_for(lambda: self.hook.attempts(), "a first try")
        self.tocsin.configure(channels={"spare": self.file("spare")},
                              routes=[{"notify": ["spare"]}])
        self.tocsin.reload()
        wait_for(lambda: self.events("spare"), "the new channel to be told")
        self.assertEqual(self.heard("spare")[0][1]["incident"]["id"],
                         identity)
        self.act(identity, "resolve")
        wait_for(lambda: self.events("spare")[-1] == "resolved", "the end")

    def test_what_waited_stays_while_it_is_silenced(self):
        self.hook.answer = ("status", 503)
        self.start({"hook": self.hooked()}, None)
        identity = self.open(severity="high")
        wait_for(lambda: self.hook.attempts(), "a first try")
        reply = self.tocsin.api("POST", "/api/v1/silences", {
            "incident": identity, "for": "1h", "author": "kim",
            "reason": "known"})
        self.assertIn(reply.status, (200, 201), reply)
        self.hook.answer = ("status", 200)
        stays(lambda: not [d for d in self.hook.messages()
                           if d.data["incident"]["id"] == identity], 8,
              "no page leaves during the silence")
        silence = self.tocsin.get("/api/v1/silences")["silences"][0]["id"]
        self.tocsin.api("POST", f"/api/v1/silences/{silence}/remove",
                        {"actor": "kim"})
        wait_for(lambda: [d.type for d in self.hook.messages()
                          if d.data["incident"]["id"] == identity],
                 "the page when the silence is over", 60)


class Storm(Told):
    def setUp(self):
        super().setUp()
        self.push = self.peer(Ntfy()).start()

    def phone(self, **keys):
        return {"kind": "ntfy", "url": self.push.topic_url("oncall"),
                "allow_http": True, "allow_addresses": ["127.0.0.0/8"],
                **keys}

    def published(self):
        return self.push.published("oncall")

    def test_ten_thousand_are_a_handful_and_none_is_lost(self):
        self.start({"phone": self.phone(), "log": self.file("log")}, None)
        for batch in range(10):
            body = {"incidents": [
                {"title": f"host-{batch * 1000 + i} is gone",
                 "severity": "critical" if i == 0 else "medium"}
                for i in range(1000)]}
            reply = self.tocsin.api("POST", "/api/v1/incidents", body,
                                    timeout=60)
            self.assertIn(reply.status, (200, 201), reply)
        wait_for(lambda: self.tocsin.channel("phone")["pending"] == 0,
                 "the phone to be told of all", 120)
        told = self.published()
        self.assertLess(len(told), 12, [p["title"] for p in told])
        metrics = parse(self.tocsin.metrics())
        delivered, digests, merged = (
            value(metrics, f"tocsin_channel_{name}_total", channel="phone",
                  kind="ntfy") for name in ("delivered", "digests", "merged"))
        self.assertEqual(delivered, 10000)
        self.assertEqual(10000 - merged + digests, len(told))
        newest = self.tocsin.deliveries(channel="phone", limit=1)[0]
        self.assertRegex(newest["message"], r"-phone\+[0-9]+$")
        biggest = max(told, key=lambda p: len(p["message"]))
        self.assertRegex(biggest["title"], r"[0-9,]+ incidents")
        self.assertLessEqual(len(biggest["message"].encode()), 4096)
        # What is read by programs gets each.
        wait_for(lambda: self.tocsin.channel("log")["pending"] == 0,
                 "the log to hold all", 240, every=0.5)
        self.assertEqual(len({m["incident"]["id"]
                              for _, m in self.heard("log")}), 10000)

    def test_ends_and_beginnings_at_once(self):
        """Answers to incidents that other paths wait with."""
        self.start({"phone": self.phone(messages_per_minute=600),
                    "slow": self.phone(messages_per_minute=30)}, None)
        for _ in range(4):
            opened = [self.open(f"host-{n} is gone", severity="high")
                      for n in range(25)]
            for identity in opened:
                self.act(identity, "acknowledge")
                self.act(identity, "resolve")
        self.assertTrue(self.tocsin.running())
        wait_for(lambda: self.tocsin.channel("phone")["pending"] == 0,
                 "the phone to be told", 90)

    def test_one_group_is_one_message(self):
        self.start({"phone": self.phone()}, [{"notify": ["phone"], "group": {
            "by": ["labels.team"], "wait": "3s"}}])
        for team in ("web", "db"):
            for n in range(3):
                self.open(f"{team} {n}", labels={"team": team},
                          severity="high")
        wait_for(lambda: len(self.published()) == 2, "two messages")
        stays(lambda: len(self.published()) == 2, 3, "no more than two")
        for published, team in zip(sorted(
                self.published(), key=lambda p: "web" in p["message"]),
                ("db", "web")):
            self.assertIn("3 incidents", published["title"])
            for n in range(3):
                self.assertIn(f"{team} {n}", published["message"])

    def test_a_digest_survives_a_crash_as_it_was(self):
        self.push.answer = ("status", 503)
        self.start({"phone": self.phone()}, [{"notify": ["phone"], "group": {
            "by": ["labels.team"], "wait": "1s"}}])
        for n in range(4):
            self.open(f"host-{n}", severity="high")
        wait_for(lambda: self.push.attempts(), "a first try")
        self.tocsin.kill()
        self.push.answer = None
        self.tocsin.start()
        self.open("host-4", severity="high")
        wait_for(lambda: self.tocsin.channel("phone")["pending"] == 0,
                 "all to be told", 60)
        keys = {a.headers["x-idempotency-key"] for a in self.push.attempts()
                if "4 incidents" in a.json()["title"]}
        self.assertEqual(len(keys), 1)
        self.assertEqual(len(self.published()), 2,
                         [p["title"] for p in self.published()])


class Proof(Told):
    def test_every_attempt_is_kept(self):
        hook = self.peer(Webhook(secret=SECRET)).start()
        hook.answer = [("status", 503), ("status", 429, {"Retry-After": "1"}),
                       ("status", 200)]
        self.start({"hook": {"kind": "webhook", "url": hook.url,
                             "secret": SECRET, "allow_http": True,
                             "allow_addresses": ["127.0.0.0/8"]}}, None)
        identity = self.open()
        wait_for(lambda: len(hook.attempts()) == 3, "three attempts", 60)
        key = f"{identity}-1-hook"
        proof = wait_for(lambda: (p := self.tocsin.get(
            f"/api/v1/deliveries/{key}"))["status"] == "delivered" and p,
            "the proof")
        self.assertEqual([t["code"] for t in proof["tries"]], [503, 429, 200])
        self.assertEqual([t["status"] for t in proof["tries"]],
                         ["retry", "retry", "delivered"])
        self.assertTrue(all(t["took_ms"] > 0 for t in proof["tries"]))
        shown = self.tocsin.cli("channel", "proof", "-c",
                                self.tocsin.config_file, key, check=0).stdout
        self.assertIn("429", shown)
        self.assertIn(key, shown)
        self.tocsin.stop()
        self.tocsin.start()
        self.assertNotEqual(
            self.tocsin.channel("hook")["last_delivered_at"], None)

    def test_the_regular_test_and_its_absence(self):
        hook = self.peer(Webhook(secret=SECRET)).start()
        self.start({"hook": {"kind": "webhook", "url": hook.url,
                             "secret": SECRET, "allow_http": True,
                             "allow_addresses": ["127.0.0.0/8"]},
                    "log": self.file("log")}, None)
        self.open(severity="low")
        wait_for(lambda: self.events("log"), "the first")
        self.tocsin.stop()
        long_ago = int((time.time() - 9 * 86400) * 1000)
        store = sqlite3.connect(self.tocsin.state / "state.db")
        store.execute(
            "insert into incident select 'dddddddddd', 'tocsin/drill', 2, 0, "
            "?, ?, ?, body from incident", (long_ago, long_ago, long_ago))
        store.commit()
        store.close()
        hook.answer = ("status", 400)
        self.tocsin.start()
        wait_for(lambda: "test" in self.events("log"), "the regular test")
        wait_for(lambda: any(
            m["probe"]["name"] == "tocsin/path/hook" and event == "opened"
            for event, m in self.heard("log", own=True)),
            "the other path to tell that the test did not arrive")
        reason = self.heard("log", own=True)[0][1]["observation"]["reason"]
        self.assertIn("test did not arrive", reason)
        self.assertEqual(self.events("log").count("test"), 1)


if __name__ == "__main__":
    main()
