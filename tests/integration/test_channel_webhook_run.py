#!/usr/bin/python3
"""The webhook channel with Debian's prometheus-alertmanager, with an agent that
tells all services, and with the examples of its page."""
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness import (ROOT, STATUS_OK, main, run_cli,  # noqa: E402
                     seconds_of, uptime, wait_for)
from path_worker import INCIDENT  # noqa: E402
from peers.alertmanager import Alertmanager  # noqa: E402
from peers.services import (Discord, Opsgenie, PagerDuty, Slack,  # noqa: E402
                            Teams)
from peers.webhook import SECRET, Webhook  # noqa: E402
from webhook_formats import (ACK, EVENTS, LOOPBACK, FormatCase,  # noqa: E402
                             full, hostile)

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
        receipt = worker.deliver(self.now(full()))
        self.assertEqual(receipt["status"], "delivered", receipt)
        self.assertIn("1 of 2: no ", receipt["detail"])
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
