#!/usr/bin/python3
"""Chat and paging services that check each request of the webhook channel to
the letter and answer as the real ones do."""
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness import main  # noqa: E402
from path_worker import INCIDENT, message  # noqa: E402
from peers.services import (Discord, Opsgenie, PagerDuty, Slack,  # noqa: E402
                            Teams)
from webhook_formats import (ACK, COLOURS, EVENTS, FormatCase,  # noqa: E402
                             full, hostile)

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
        self.assertEqual(self.delivered(worker, full())["remote_id"],
                         "08585001CU01")
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
                ({"X-RateLimit-Reset-After": "1.25"}, b"", 1250),
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


if __name__ == "__main__":
    main()
