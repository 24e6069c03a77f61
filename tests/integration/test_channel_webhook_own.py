#!/usr/bin/python3
"""The webhook channel's forms for programs of one's own: CloudEvents, templates,
signatures as a library of others checks them; and its configuration."""
import base64
import json
import pathlib
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import clients  # noqa: E402
from harness import STATUS_OK, main, run_cli  # noqa: E402
from path_worker import INCIDENT, PathWorker  # noqa: E402
from peers.webhook import SECRET, Webhook  # noqa: E402
from webhook_formats import (EVENTS, LOOPBACK, FormatCase,  # noqa: E402
                             full, hostile)

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


if __name__ == "__main__":
    main()
