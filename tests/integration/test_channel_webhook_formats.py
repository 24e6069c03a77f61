#!/usr/bin/python3
"""The formats of the webhook channel, against services that check each request
to the letter and answer as the real ones do; Alertmanager is the real one."""
import base64
import json
import pathlib
import re
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import clients  # noqa: E402
from harness import (ROOT, STATUS_OK, Case, main, run_cli,  # noqa: E402
                     seconds_of, uptime, wait_for)
from path_worker import INCIDENT, PathWorker, message  # noqa: E402
from peers.alertmanager import Alertmanager  # noqa: E402
from peers.services import (Discord, Opsgenie, PagerDuty, Slack,  # noqa: E402
                            Teams)
from peers.webhook import SECRET, Webhook  # noqa: E402

LOOPBACK = {"allow_addresses": ["127.0.0.0/8"], "allow_http": True}
ACK = "https://tocsin.example.org/ack/7k3qx9v2tb?t=abc(1)_2"
EVENTS = ("opened", "worsened", "improved", "reminder", "flapping",
          "acknowledged", "note", "resolved", "reopened", "test", "escalated",
          "digest")
HOSTILE = ("<!channel> <@U024BE7LH> @everyone @here <@&41771983423143936> "
           "<https://evil.example|click> [click](https://evil.example) *b* "
           "_i_ ~s~ `c` ||s|| <at>all</at> {{DATE(2026)}} \u202egnp.exe\u202c "
           "\u2028 \u0007\u001b[31m\u0085 \"quoted\" \\ & &amp; 😀\n# head\n"
           "- item\n> quote")
COLOURS = {"info": "#57606a", "low": "#0969da", "medium": "#bf8700",
           "high": "#d1550f", "critical": "#cf222e"}


def full(event="opened", seq=1, **parts):
    """A message with everything in it."""
    made = message(event, seq, "chat", **parts)
    made["incident"].update(
        url="https://tocsin.example.org/incidents/7k3qx9v2tb",
        acknowledge_url=ACK, last_ok_at="2026-11-22T03:58:00.000Z")
    made["probe"].update(
        description="Where patients book their visits",
        runbook="https://wiki.example.org/portal_down",
        component="Patient portal", labels={"team": "web", "tier": "1"})
    made["observation"].update(facts={"address": "192.0.2.7:443"},
                               metrics={"total_ms": 12.5})
    if event in ("acknowledged", "note"):
        made.update(actor="ada", note="on it")
    if event == "acknowledged":
        made["incident"].update(
            status="acknowledged", acknowledged_by="ada",
            acknowledged_at="2026-11-22T04:01:00.000Z")
    if event == "resolved":
        made["incident"].update(status="resolved",
                                resolved_at="2026-11-22T04:05:00.000Z")
        made["observation"].update(outcome="ok", reason="status 200")
    if event == "test":
        made["incident"]["id"] = ""
    if event == "digest":
        made.update(digest(made, 31))
    return made


def digest(made, count):
    """What makes a digest of a message."""
    one = {"id": INCIDENT, "event": "opened", "title": "portal is failing",
           "severity": "critical", "status": "open", "probe": "portal",
           "reason": HOSTILE, "failing_since": "2026-11-22T03:59:30.000Z",
           "url": "https://tocsin.example.org/incidents/7k3qx9v2tb"}
    return {"incident": {**made["incident"], "id": "", "acknowledge_url": ""},
            "digest": {"count": count + 5, "left_out": 5,
                       "by_severity": {"critical": count + 5},
                       "by_event": {"opened": count + 5},
                       "incidents": [one] * count}}


def hostile(event="opened", seq=1):
    """The same with text from somebody who means harm, as long as it may be."""
    made = full(event, seq)
    long = (HOSTILE + " ") * 15
    made["observation"].update(reason=long, facts={
        f"{HOSTILE[:60]} {i}": long for i in range(30)})
    made["incident"].update(title=long, acknowledged_by=HOSTILE[:60])
    made["probe"].update(target=long[:1500], description=long,
                         runbook="javascript:alert(1)",
                         component=HOSTILE[:60],
                         labels={f"{HOSTILE[:40]}{i}": HOSTILE
                                 for i in range(30)},
                         regions=[HOSTILE] * 30)
    made.update(actor=HOSTILE[:60], note=long, because=long)
    return made


class FormatCase(Case):
    def worker(self, made_format, url=None, **config):
        options = {"format": made_format, **LOOPBACK, **config}
        if url is not None:
            options["url"] = url
        made = PathWorker("webhook", options)
        self.addCleanup(made.stop)
        return made

    def delivered(self, worker, what):
        receipt = worker.deliver(what)
        self.assertEqual(receipt["status"], "delivered", receipt)
        return receipt

    def check_answers(self, service, worker, table):
        """Each answer is understood as the table says."""
        for seq, (answer, means, says) in enumerate(table):
            with self.subTest(answer):
                service.answer = ("status", *answer)
                receipt = worker.deliver(full(seq=seq + 1))
                self.assertEqual(receipt["status"], means, receipt)
                self.assertIn(says, receipt["detail"])
                self.assertEqual(receipt["code"], answer[0])
        service.answer = ("own",)

    def refuses(self, says, **config):
        worker = PathWorker("webhook", {**LOOPBACK, **config})
        self.addCleanup(worker.stop)
        with self.assertRaisesRegex(AssertionError, says):
            worker.read()


class Chats(FormatCase):
    """Slack, Teams and Discord: people read it."""

    def each(self):
        for made, name in ((Slack, "slack"), (Teams, "teams"),
                           (Discord, "discord")):
            service = self.peer(made().start())
            worker = self.worker(name, service.url)
            with self.subTest(name):
                yield name, service, worker
            worker.end()

    def test_every_event_keeps_to_the_letter(self):
        for name, service, worker in self.each():
            for seq, event in enumerate(EVENTS):
                self.delivered(worker, full(event, seq + 1))
            self.assertEqual(service.faults(), [], name)
            self.assertEqual(len(service.bodies()), len(EVENTS))

    def test_hostile_text_stays_text_and_is_cut(self):
        for name, service, worker in self.each():
            for seq, event in enumerate(EVENTS):
                self.delivered(worker, hostile(event, seq + 1))
            self.assertEqual(service.faults(), [], name)
            for body in service.bodies():
                text = json.dumps(body, ensure_ascii=False)
                self.assertIn("…", text)
                self.assertNotIn("javascript:", re.sub(
                    r'"(text|value)": "[^"]*', "", text))

    def test_a_message_as_small_as_it_gets(self):
        for name, service, worker in self.each():
            made = message()
            made["observation"]["reason"] = ""
            made["probe"].update(name="", kind="", target="", regions=[])
            made["incident"].update(title="", failing_since=None)
            made["agent"] = ""
            self.delivered(worker, made)
            self.assertEqual(service.faults(), [], name)

    def test_says_what_people_need(self):
        for name, service, worker in self.each():
            self.delivered(worker, full("escalated", because=
                                        "nobody acknowledged within 5 min"))
            text = json.dumps(service.bodies()[0], ensure_ascii=False)
            for what in ("CRITICAL, UNANSWERED", "portal is failing",
                         "connect to 192.0.2.7:443 refused",
                         "nobody acknowledged within 5 min",
                         "Patient portal", "2026-11-22 03:58:00 UTC",
                         "2026-11-22 03:59:30 UTC", "here", INCIDENT,
                         "Acknowledge", ACK, "Runbook",
                         "https://wiki.example.org/portal_down",
                         "silence add"):
                self.assertIn(what, text.replace("\\\\", ""), name)

    def test_a_link_to_acknowledge_only_while_it_is_of_use(self):
        for name, service, worker in self.each():
            for event in EVENTS:
                self.delivered(worker, full(event))
            with_link = {
                event for event, body in zip(EVENTS, service.bodies())
                if ACK in json.dumps(body)}
            self.assertEqual(with_link, {
                "opened", "worsened", "improved", "reminder", "flapping",
                "note", "reopened", "escalated"}, name)

    def test_a_digest_lists_the_worst_and_counts_the_rest(self):
        for name, service, worker in self.each():
            self.delivered(worker, full("digest"))
            text = json.dumps(service.bodies()[0], ensure_ascii=False)
            self.assertIn("36 incidents: 36 critical", text)
            self.assertIn("portal is failing", text)
            self.assertRegex(text, r"\d+ more line")

    def test_colours(self):
        def colour(name, body):
            if name == "slack":
                return body["attachments"][0]["color"]
            if name == "discord":
                return f"#{body['embeds'][0]['color']:06x}"
            card = body["attachments"][0]["content"]
            return card["body"][0]["items"][0]["inlines"][0]["color"]
        tints = {"#cf222e": "attention", "#d1550f": "attention",
                 "#bf8700": "warning", "#0969da": "accent",
                 "#1a7f37": "good", "#57606a": "default"}
        for name, service, worker in self.each():
            wanted = []
            for severity, rgb in COLOURS.items():
                made = full()
                made["incident"]["severity"] = severity
                self.delivered(worker, made)
                wanted.append(rgb)
            self.delivered(worker, full("resolved"))
            wanted.append("#1a7f37")
            if name == "teams":
                wanted = [tints[rgb] for rgb in wanted]
            self.assertEqual([colour(name, b) for b in service.bodies()],
                             wanted)

    def test_what_slack_answers(self):
        slack = self.peer(Slack().start())
        worker = self.worker("slack", slack.url)
        self.check_answers(slack, worker, (
            ((200, {}, b"ok"), "delivered", "posted"),
            ((200, {}, b'{"ok":true,"ts":"1"}'), "delivered", "posted"),
            ((200, {}, b'{"ok":false,"error":"is_archived"}'), "disabled",
             "archived"),
            ((200, {}, b'{"ok":false,"error":"invalid_blocks"}'), "rejected",
             "invalid_blocks"),
            ((200, {}, b"<html>welcome</html>"), "retry", "check the URL"),
            ((200, {}, b""), "retry", "check the URL"),
            ((400, {}, b"invalid_payload"), "rejected", "invalid_payload"),
            ((400, {}, b"something_new"), "rejected", "something_new"),
            ((403, {}, b"action_prohibited"), "retry", "administrator"),
            ((404, {}, b"no_service"), "disabled", "no_service"),
            ((404, {}, b"channel_not_found"), "disabled", "deleted"),
            ((404, {}, b"Not Found"), "retry", "no such URL"),
            ((410, {}, b"channel_is_archived"), "disabled", "archived"),
            ((500, {}, b"rollup_error"), "retry", "rollup_error"),
            ((503, {}, b""), "retry", "503"),
        ))
        slack.answer = ("status", 429, {"Retry-After": "30"}, b"rate_limited")
        receipt = worker.deliver(full())
        self.assertEqual(receipt["status"], "retry")
        self.assertEqual(receipt["retry_after_ms"], 30000)

    def test_what_teams_answers(self):
        teams = self.peer(Teams().start())
        worker = self.worker("teams", teams.url)
        self.check_answers(teams, worker, (
            ((202, {}, b""), "delivered", "workflow"),
            ((200, {}, b"1"), "delivered", "200"),
            ((200, {}, b"Webhook message delivery failed with error: Microsoft"
              b" Teams endpoint returned HTTP error 429 with ContextId x"),
             "retry", "too many"),
            ((200, {}, b"Webhook message delivery failed with error: Microsoft"
              b" Teams endpoint returned HTTP error 413 with ContextId x"),
             "rejected", "too big"),
            ((400, {}, b'{"error":{"code":"TriggerInputSchemaMismatch"}}'),
             "rejected", "TriggerInputSchemaMismatch"),
            ((400, {}, b'{"error":{"code":"WorkflowTriggerIsNotEnabled"}}'),
             "retry", "turn it on"),
            ((401, {}, b'{"error":{"code":"DirectApiAuthorizationRequired"}}'),
             "retry", "copy it anew"),
            ((404, {}, b'{"error":{"code":"WorkflowNotFound"}}'), "disabled",
             "deleted"),
            ((429, {}, b""), "retry", "too many"),
            ((502, {}, b""), "retry", "502"),
        ))

    def test_what_discord_answers(self):
        discord = self.peer(Discord().start())
        worker = self.worker("discord", discord.url + "?thread_id=7")
        receipt = worker.deliver(full())
        self.assertRegex(receipt["remote_id"], r"^11\d{17}$")
        self.assertTrue(discord.attempts()[0].path.endswith(
            "?thread_id=7&wait=true"))
        self.check_answers(discord, worker, (
            ((200, {}, b"<html></html>"), "retry", "no Discord message"),
            ((204, {}, b""), "retry", "no Discord message"),
            ((400, {}, b'{"code":50035,"message":"Invalid Form Body"}'),
             "rejected", "Invalid Form Body"),
            ((401, {}, b'{"code":50027,"message":"Invalid Webhook Token"}'),
             "retry", "credentials"),
            ((404, {}, b'{"code":10015,"message":"Unknown Webhook"}'),
             "disabled", "deleted"),
            ((404, {}, b"<html>404</html>"), "retry", "no such URL"),
            ((500, {}, b""), "retry", "500"),
        ))
        for headers, body, wait_ms in (
                ({}, b'{"message":"x","retry_after":1.337,"global":false}',
                 1337),
                ({"Retry-After": "3"}, b'{"retry_after":2.5}', 2500),
                ({"Retry-After": "65"}, b"<html>banned</html>", 65000),
                ({}, b'{"retry_after":-1}', -1),
                ({}, b'{"retry_after":1e300}', 86400000),
                ({}, b'{"retry_after":"soon"}', -1)):
            with self.subTest(body):
                discord.answer = ("status", 429, headers, body)
                receipt = worker.deliver(full())
                self.assertEqual(receipt["status"], "retry")
                self.assertEqual(receipt["retry_after_ms"], wait_ms, receipt)


class Pagers(FormatCase):
    """PagerDuty and Opsgenie."""

    def pagerduty(self):
        service = self.peer(PagerDuty().start())
        return service, self.worker("pagerduty", service.url,
                                    routing_key=service.key)

    def opsgenie(self):
        service = self.peer(Opsgenie().start())
        return service, self.worker("opsgenie", service.url,
                                    api_key=service.key)

    def test_pagerduty_follows_the_incident(self):
        service, worker = self.pagerduty()
        for seq, (event, stands) in enumerate((
                ("opened", "triggered"), ("worsened", "triggered"),
                ("escalated", "triggered"), ("acknowledged", "acknowledged"),
                ("reminder", "acknowledged"), ("resolved", "resolved"),
                ("reopened", "triggered"), ("resolved", "resolved"))):
            receipt = self.delivered(worker, full(event, seq + 1))
            self.assertEqual(receipt["code"], 202)
            self.assertEqual(receipt["remote_id"], INCIDENT)
            self.assertEqual(service.alerts, {INCIDENT: stands}, event)
        self.assertEqual(service.faults(), [])
        first = service.bodies()[0]
        self.assertEqual(first["payload"]["severity"], "critical")
        self.assertEqual(first["payload"]["source"],
                         "https://portal.example.org/health")
        self.assertEqual(first["payload"]["component"], "Patient portal")
        self.assertEqual(first["payload"]["class"], "uptime")
        self.assertEqual(first["payload"]["timestamp"],
                         "2026-11-22T04:00:00.000Z")
        self.assertIn({"href": ACK, "text": "Acknowledge"}, first["links"])
        details = first["payload"]["custom_details"]
        self.assertEqual(details["Last good"], "2026-11-22 03:58:00 UTC")

    def test_pagerduty_is_not_paged_by_notes_and_tests(self):
        service, worker = self.pagerduty()
        receipt = self.delivered(worker, full("note"))
        self.assertIn("not sent", receipt["detail"])
        self.assertEqual(service.attempts(), [])
        self.delivered(worker, full("test"))
        self.assertEqual([b["event_action"] for b in service.bodies()],
                         ["trigger", "resolve"])
        self.assertEqual(service.bodies()[0]["payload"]["severity"], "info")
        self.assertEqual(set(service.alerts.values()), {"resolved"})

    def test_severities(self):
        page, page_worker = self.pagerduty()
        genie, genie_worker = self.opsgenie()
        for severity in COLOURS:
            made = full()
            made["incident"]["severity"] = severity
            self.delivered(page_worker, made)
            self.delivered(genie_worker, made)
        self.assertEqual([b["payload"]["severity"] for b in page.bodies()],
                         ["info", "info", "warning", "error", "critical"])
        self.assertEqual([b["priority"] for b in genie.bodies()],
                         ["P5", "P4", "P3", "P2", "P1"])

    def test_hostile_text_and_every_event_keep_to_the_letter(self):
        for service, worker in (self.pagerduty(), self.opsgenie()):
            for seq, event in enumerate(EVENTS):
                self.delivered(worker, full(event, seq + 1))
                self.delivered(worker, hostile(event, seq + 1))
            self.assertEqual(service.faults(), [])
            worker.end()

    def test_what_pagerduty_answers(self):
        service, worker = self.pagerduty()
        invalid = (b'{"status":"invalid event","message":"Event object is '
                   b'invalid","errors":["%s"]}')
        self.check_answers(service, worker, (
            ((200, {}, b"<html></html>"), "retry", "not PagerDuty's"),
            ((400, {}, invalid % b"'summary' is missing or blank"),
             "rejected", "'summary' is missing"),
            ((400, {}, invalid % b"Invalid routing key"), "retry",
             "Invalid routing key"),
            ((400, {}, b""), "rejected", "400"),
            ((500, {}, b""), "retry", "500"),
        ))
        service.answer = ("status", 429, {}, b"")
        self.assertEqual(worker.deliver(full())["retry_after_ms"], 60000)
        service.answer = ("status", 429, {"Retry-After": "200"}, b"")
        self.assertEqual(worker.deliver(full())["retry_after_ms"], 200000)

    def test_opsgenie_follows_the_incident(self):
        service, worker = self.opsgenie()
        for seq, event in enumerate((
                "opened", "worsened", "acknowledged", "note", "resolved")):
            receipt = self.delivered(worker, full(event, seq + 1))
            self.assertEqual(receipt["code"], 202)
            self.assertRegex(receipt["remote_id"], "^43a29c5c-")
        self.assertEqual(service.alerts, {INCIDENT: [
            "open", "acknowledge", "notes", "close"]})
        self.assertEqual(service.faults(), [])
        first, bodies = service.bodies()[0], service.bodies()
        self.assertIn("team=web", first["tags"])
        self.assertEqual(first["source"], "mon1.example.org")
        self.assertIn("What to do", first["description"])
        self.assertEqual(bodies[2]["user"], "ada")
        self.assertIn("on it", bodies[3]["note"])
        self.delivered(worker, full("test"))
        self.assertEqual(sorted(map(len, service.alerts.values())), [2, 4])

    def test_what_opsgenie_answers(self):
        service, worker = self.opsgenie()
        self.check_answers(service, worker, (
            ((202, {}, b"<html></html>"), "retry", "not Opsgenie's"),
            ((401, {}, b'{"message":"Could not authenticate"}'), "retry",
             "Could not authenticate"),
            ((402, {}, b'{"message":"Payment required"}'), "retry", "plan"),
            ((403, {}, b'{"message":"Forbidden"}'), "retry", "Forbidden"),
            ((422, {}, b'{"message":"Request body is not processable"}'),
             "rejected", "not processable"),
            ((429, {"Retry-After": "4"}, b'{"message":"You are making too '
              b'many requests!"}'), "retry", "too many requests"),
            ((500, {}, b""), "retry", "500"),
        ))
        worker.end()
        wrong = self.worker("opsgenie", service.url, api_key="nonsense")
        receipt = wrong.deliver(full())
        self.assertEqual(receipt["status"], "retry")
        self.assertNotIn("nonsense", json.dumps(receipt))


class Events(FormatCase):
    """CloudEvents, and signatures as a library of others checks them."""

    def setUp(self):
        super().setUp()
        self.hook = self.peer(Webhook().start())

    def signed(self):
        return clients.run("verify_webhook.mjs", {
            "secret": SECRET, "deliveries": [
                {"headers": d.headers, "body":
                 base64.b64encode(d.body).decode()}
                for d in self.hook.messages()]})

    def test_cloudevents(self):
        worker = self.worker("cloudevents", self.hook.url, secret=SECRET)
        made = full("acknowledged", 3)
        receipt = self.delivered(worker, made)
        self.assertEqual(receipt["remote_id"], made["delivery"])
        got, = self.hook.messages()
        self.assertEqual(got.headers["content-type"],
                         "application/cloudevents+json; charset=utf-8")
        self.assertEqual(got.key, made["delivery"])
        event = got.json()
        self.assertEqual(event.pop("data"), made)
        self.assertEqual(event, {
            "specversion": "1.0", "id": made["delivery"],
            "source": "/tocsin/mon1.example.org",
            "type": "tocsin.incident.acknowledged", "subject": INCIDENT,
            "time": made["at"], "datacontenttype": "application/json",
            "severity": "critical"})
        self.delivered(worker, full("test"))
        test = self.hook.messages()[1].json()
        self.assertEqual(test["type"], "tocsin.channel.test")
        self.assertNotIn("subject", test)
        for name in set(event) | set(test):
            self.assertRegex(name, "^[a-z0-9]{1,20}$")

    def test_signatures_by_the_library_that_receivers_use(self):
        for name, more in (("standard", {}), ("cloudevents", {}),
                           ("template", {"template": '{"t":"{{title}}"}'
                                         .replace("title", "words.title")})):
            worker = self.worker(name, self.hook.url, secret=SECRET, **more)
            for seq, event in enumerate(EVENTS):
                self.delivered(worker, hostile(event, seq + 1))
            worker.end()
        verdicts = self.signed()
        self.assertEqual(len(verdicts), 3 * len(EVENTS))
        for verdict, got in zip(verdicts, self.hook.messages()):
            self.assertEqual(verdict, {"ok": True, "message": got.json()})

    def test_the_library_refuses_what_was_changed(self):
        worker = self.worker("standard", self.hook.url, secret=SECRET)
        self.delivered(worker, full())
        self.hook.messages()[0].body += b" "
        verdict, = self.signed()
        self.assertFalse(verdict["ok"])


class Templates(FormatCase):
    def setUp(self):
        super().setUp()
        self.hook = self.peer(Webhook(secret=None).start())

    def made(self, template, what=None, **config):
        worker = self.worker("template", self.hook.url, template=template,
                             **config)
        self.delivered(worker, what or full())
        worker.end()
        return self.hook.messages()[-1]

    def test_json(self):
        template = """{"title": "{{words.title}}", "seq": {{seq}},
          "regions": [{{#probe.regions}}"{{.}}"{{^-last}},{{/-last}}{{/probe.regions}}],
          "team": "{{#probe.labels.team}}{{.}}{{/probe.labels.team}}",
          "by": {{#actor}}"{{actor}}"{{/actor}}{{^actor}}null{{/actor}},
          "why": "{{observation.reason}}"}"""
        got = self.made(template, full())
        self.assertEqual(got.headers["content-type"], "application/json")
        self.assertEqual(got.json(), {
            "title": "[CRITICAL] portal is failing: connect to "
                     "192.0.2.7:443 refused",
            "seq": 1, "regions": ["here"], "team": "web", "by": None,
            "why": "connect to 192.0.2.7:443 refused"})
        evil = self.made(template, hostile()).json()
        self.assertTrue(evil["why"].startswith("<!channel> <@U024BE7LH>"))
        self.assertNotRegex(evil["why"], "[\x00-\x08\u202e\u2028]")
        self.assertEqual(len(evil["regions"]), 30)

    def test_form(self):
        got = self.made(
            "title={{words.title}}&text={{observation.reason}}", hostile(),
            content_type="application/x-www-form-urlencoded", method="PUT")
        self.assertEqual(got.method, "PUT")
        fields = urllib.parse.parse_qs(got.body.decode(), strict_parsing=True)
        self.assertEqual(set(fields), {"title", "text"})
        self.assertIn('"quoted" \\ & &amp; 😀', fields["text"][0])

    def test_text(self):
        got = self.made("Alert: {{observation.reason}}\n"
                        "{{#timeline}}\n{{event}}\n{{/timeline}}\nend",
                        hostile(), content_type="text/plain; charset=utf-8")
        self.assertEqual(got.body.decode().count("\n"), 1)

    def test_a_body_is_never_larger_than_its_ceiling(self):
        template = "".join(f"{{{{probe.description}}}} {i}\n"
                           for i in range(300))
        got = self.made(template, hostile(), content_type="text/plain")
        self.assertLessEqual(len(got.body), 64 * 1024)
        self.assertIn("… 299", got.body.decode())

    def test_mistakes_are_found_by_config_check_with_their_place(self):
        for template, says in (
                ('{"a": "{{incident.tilte}}"}',
                 "template: line 1, column 19: a message has no "
                 "incident.tilte; did you mean title?"),
                ('{\n "a": "{{title"}', "line 2, column 8: {{ without"),
                ('{{#probe}}x', "line 1, column 4: the section probe has no"),
                ('{{#probe}}{{/actor}}', "comes where {{/probe}} is due"),
                ('{{{words.title}}}', "values are always escaped"),
                ('{{> file}}', "only {{name}}"),
                ('{"a": {{actor}}}', "makes no JSON"),
                ('{"a": [{{#timeline}}"{{text}}",{{/timeline}}]}',
                 "makes no JSON"),
                ('{"a": "{{a b}}"}', "holds a name such as")):
            with self.subTest(template):
                config = self.folder / "tocsin.yaml"
                config.write_text(json.dumps({
                    "state": f"sqlite:{self.folder}/state.db",
                    "channels": {"own": {
                        "kind": "webhook", "format": "template",
                        "url": "https://example.org/", "template": template}},
                }))
                done = run_cli("config", "check", "-c", config)
                self.assertNotEqual(done.returncode, STATUS_OK)
                self.assertIn(says, done.stdout + done.stderr)
                self.assertIn("channels.own.template", done.stdout
                              + done.stderr)


class Configurations(FormatCase):
    def test_options_belong_to_formats(self):
        slack = {"format": "slack", "url": "https://hooks.slack.com/x"}
        for config, says in (
                ({**slack, "secret": SECRET},
                 "secret: belongs to format standard, cloudevents or template"),
                ({**slack, "template": "x"}, "template: belongs to"),
                ({**slack, "members": ["https://am"]}, "members: belongs to"),
                ({**slack, "resolve_timeout": "5m"}, "resolve_timeout: bel"),
                ({"format": "slack"}, "url: is missing"),
                ({"format": "template", "url": "https://h/"},
                 "template: is missing"),
                ({"format": "pagerduty"}, "routing_key: is missing"),
                ({"format": "pagerduty", "routing_key": "x" * 31},
                 "routing_key: an integration key has 32 characters"),
                ({"format": "opsgenie"}, "api_key: is missing"),
                ({"format": "opsgenie", "api_key": "k",
                  "headers": {"Authorization": "x"}}, "made from api_key"),
                ({"format": "alertmanager"}, "url: is missing"),
                ({"format": "alertmanager", "members": ["am1:9093"]},
                 r"members\[0\]: is not a URL"),
                ({"format": "template", "url": "https://h/", "template": "x",
                  "content_type": "text/html"}, "escape: text/html does not")):
            with self.subTest(config):
                self.refuses(says, **config)


class AlertmanagerItself(FormatCase):
    """Debian's prometheus-alertmanager takes, keeps and resolves them."""

    def setUp(self):
        super().setUp()
        self.hook = self.peer(Webhook(secret=None).start())
        self.manager = self.peer(
            Alertmanager(self.folder / "am1", self.hook.url).start())

    def now(self, made, ago_s=30):
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000Z",
                              time.gmtime(time.time() - ago_s))
        made["incident"]["failing_since"] = made["incident"]["opened_at"] = \
            stamp
        return made

    def test_takes_shows_and_resolves(self):
        worker = self.worker("alertmanager", self.manager.url)
        self.delivered(worker, self.now(full()))
        alert, = self.manager.alerts(incident=INCIDENT)
        self.assertEqual(alert["status"]["state"], "active")
        self.assertEqual(alert["labels"], {
            "alertname": "portal", "incident": INCIDENT,
            "severity": "critical", "kind": "uptime", "agent":
            "mon1.example.org", "component": "Patient portal",
            "instance": "https://portal.example.org/health", "team": "web",
            "tier": "1"})
        self.assertEqual(alert["annotations"]["runbook_url"],
                         "https://wiki.example.org/portal_down")
        self.assertEqual(alert["annotations"]["acknowledge_url"], ACK)
        self.assertEqual(alert["generatorURL"],
                         "https://tocsin.example.org/incidents/7k3qx9v2tb")
        first = wait_for(self.hook.messages, "its own notification")[0].json()
        self.assertEqual(first["status"], "firing")
        made = self.now(full("resolved", 2))
        made["incident"]["resolved_at"] = time.strftime(
            "%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        self.delivered(worker, made)
        self.assertEqual(self.manager.alerts(incident=INCIDENT), [])
        wait_for(lambda: [d for d in self.hook.messages()
                          if d.json()["status"] == "resolved"], "the end")

    def test_every_event_and_hostile_text(self):
        worker = self.worker("alertmanager", self.manager.url)
        for seq, event in enumerate(EVENTS):
            self.delivered(worker, full(event, seq + 1))
            self.delivered(worker, hostile(event, seq + 1))

    def test_an_alert_ends_by_itself_unless_it_is_sent_again(self):
        worker = self.worker("alertmanager", self.manager.url,
                             resolve_timeout="10s")
        self.delivered(worker, self.now(full()))
        alert, = self.manager.alerts(incident=INCIDENT)
        self.assertLess(seconds_of(alert["endsAt"]), time.time() + 10)
        wait_for(lambda: not self.manager.alerts(incident=INCIDENT),
                 "it to end by itself")

    def test_the_agent_keeps_it_open_until_it_is_over(self):
        target = self.peer(Webhook(secret=None))
        agent = self.agent()
        agent.configure(
            probes=[uptime("portal", f"tcp://127.0.0.1:{target.port}")],
            channels={"am": {
                "kind": "webhook", "format": "alertmanager",
                "url": self.manager.url, "resolve_timeout": "15s",
                **LOOPBACK}})
        agent.start()
        incident = wait_for(
            lambda: agent.incidents(probe="portal"), "an incident")[0]["id"]
        first = wait_for(lambda: self.manager.alerts(incident=incident),
                         "an alert")[0]
        end = time.monotonic() + 35
        while time.monotonic() < end:
            now, = self.manager.alerts(incident=incident)
            time.sleep(0.2)
        self.assertGreater(seconds_of(now["endsAt"]),
                           seconds_of(first["endsAt"]) + 15)
        self.assertEqual(now["startsAt"], first["startsAt"])
        target.start()
        wait_for(lambda: not self.manager.alerts(incident=incident),
                 "its end")
        statuses = [d.json()["status"] for d in wait_for(
            lambda: len(self.hook.messages()) > 1 and self.hook.messages(),
            "both notifications")]
        self.assertEqual(statuses, ["firing", "resolved"])
        agent.stop()
        self.assert_clean_log(agent)

    def test_every_member_gets_it(self):
        other = self.peer(Alertmanager(self.folder / "am2").start())
        worker = self.worker("alertmanager", members=[
            self.manager.url, other.url + "/api/v2/alerts"])
        self.delivered(worker, self.now(full()))
        for one in (self.manager, other):
            self.assertEqual(len(one.alerts(incident=INCIDENT)), 1)
        other.stop()
        receipt = self.delivered(worker, self.now(full("reminder", 2)))
        self.assertIn("1 of 2: taken", receipt["detail"])
        self.assertIn("2 of 2: connect", receipt["detail"])
        self.manager.stop()
        receipt = worker.deliver(self.now(full("reminder", 3)))
        self.assertEqual(receipt["status"], "retry", receipt)

    def test_a_member_that_hangs_does_not_take_the_time_of_the_others(self):
        black_hole = self.peer(Webhook(secret=None, answer=("hang",)).start())
        worker = self.worker(
            "alertmanager", members=[black_hole.url, self.manager.url])
        receipt = worker.deliver(self.now(full()), timeout_ms=4000)
        self.assertEqual(receipt["status"], "delivered", receipt)
        self.assertEqual(len(self.manager.alerts(incident=INCIDENT)), 1)

    def test_what_else_may_answer(self):
        hook = self.peer(Webhook(secret=None).start())
        worker = self.worker("alertmanager", hook.url)
        for answer, means, says in (
                ((200, {}, b""), "delivered", "taken"),
                ((200, {}, b"<html>log in</html>"), "retry", "is a page"),
                ((400, {}, b'"start time must be before end time"'),
                 "rejected", "start time must"),
                ((500, {}, b'"oops"'), "retry", "oops")):
            hook.answer = ("status", *answer)
            receipt = worker.deliver(self.now(full()))
            self.assertEqual(receipt["status"], means, receipt)
            self.assertIn(says, receipt["detail"])


class WholeRun(FormatCase):
    """An agent tells all of them of one incident, and of its end."""

    def test_all_formats(self):
        slack, teams, discord = (self.peer(made().start())
                                 for made in (Slack, Teams, Discord))
        pager, genie = (self.peer(made().start())
                        for made in (PagerDuty, Opsgenie))
        manager = self.peer(Alertmanager(self.folder / "am").start())
        events = self.peer(Webhook().start())
        own = self.peer(Webhook(secret=None).start())
        target = self.peer(Webhook(secret=None, answer=("status", 503)))
        channels = {
            "slack": {"format": "slack", "url": slack.url},
            "teams": {"format": "teams", "url": teams.url},
            "discord": {"format": "discord", "url": discord.url},
            "pager": {"format": "pagerduty", "url": pager.url,
                      "routing_key": pager.key},
            "genie": {"format": "opsgenie", "url": genie.url,
                      "api_key": genie.key},
            "am": {"format": "alertmanager", "url": manager.url},
            "events": {"format": "cloudevents", "url": events.url,
                       "secret": SECRET},
            "own": {"format": "template", "url": own.url,
                    "template": '{"event": "{{event}}"}'},
        }
        agent = self.agent()
        agent.configure(
            probes=[uptime("portal", f"tcp://127.0.0.1:{target.port}")],
            channels={name: {"kind": "webhook", **LOOPBACK, **rest}
                      for name, rest in channels.items()})
        agent.start()
        incident = wait_for(
            lambda: agent.incidents(probe="portal"), "an incident")[0]["id"]
        wait_for(lambda: manager.alerts(incident=incident), "an alert")
        for peer in (slack, teams, discord, pager, genie, events, own):
            peer.wait_messages(1)
        target.start()
        for peer in (slack, teams, discord, pager, genie, events, own):
            peer.wait_messages(2)
        wait_for(lambda: not manager.alerts(incident=incident), "its end")
        for peer in (slack, teams, discord, pager, genie):
            self.assertEqual(peer.faults(), [])
        self.assertEqual(pager.alerts, {incident: "resolved"})
        self.assertEqual(genie.alerts, {incident: ["open", "close"]})
        self.assertEqual([d.json()["event"] for d in own.messages()],
                         ["opened", "resolved"])
        self.assertTrue(all(d.verified for d in events.messages()))
        agent.stop()
        self.assert_clean_log(agent)


class Page(FormatCase):
    """What docs/channels/webhook.md shows is a configuration that works."""

    def test_every_example(self):
        page = (ROOT / "docs/channels/webhook.md").read_text()
        blocks = re.findall(r"```yaml\n(.*?)```", page, re.S)
        formats = set()
        for i, block in enumerate(blocks):
            folder = self.folder / str(i)
            folder.mkdir()
            for path in set(re.findall(r"\$\{file:([^}]+)\}", block)):
                placed = folder / path.strip("/").replace("/", "-")
                placed.write_text(self.secret_for(path) + "\n")
                placed.chmod(0o600)
                block = block.replace(path, str(placed))
            config = folder / "tocsin.yaml"
            config.write_text(f"state: sqlite:{folder}/state.db\n{block}")
            done = run_cli("config", "check", "-c", config, environment={
                "HOOK_SECRET": SECRET, "HOOK_TOKEN": "abc"})
            self.assertEqual(done.returncode, STATUS_OK,
                             block + done.stdout + done.stderr)
            formats |= set(re.findall(r"format: (\w+)", block))
        self.assertEqual(formats, {
            "slack", "teams", "discord", "pagerduty", "opsgenie",
            "alertmanager", "cloudevents", "template"})

    @staticmethod
    def secret_for(path):
        if "pagerduty" in path:
            return PagerDuty.key
        if "opsgenie" in path:
            return Opsgenie.key
        if "hook" in path:
            return SECRET
        return "https://hooks.example.org/services/T0/B0/x"


if __name__ == "__main__":
    main()
