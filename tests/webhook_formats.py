"""What the tests of the webhook channel's formats share: messages with
everything, and with the worst, in them; and a Case that sends them."""
from harness import Case
from path_worker import INCIDENT, PathWorker, message

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
