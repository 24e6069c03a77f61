#!/usr/bin/python3
"""The pushover channel against a server with the rules of Pushover's API."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness import Case, free_port, main, uptime, wait_for  # noqa: E402
from path_worker import PathWorker, message  # noqa: E402
from peers.pushover import TOKEN, USER, Pushover  # noqa: E402

LOOPBACK = {"allow_addresses": ["127.0.0.0/8"], "allow_http": True}


class PushoverChannel(Case):
    def server(self, **options):
        return self.peer(Pushover(**options).start())

    def worker(self, url, **config):
        worker = PathWorker("pushover", {
            "url": url, "token": TOKEN, "user": USER, **LOOPBACK, **config})
        self.addCleanup(worker.stop)
        return worker

    def deliver(self, server, what=None, timeout_ms=60000, **config):
        worker = self.worker(server.url, **config)
        receipt = worker.deliver(what or message(), timeout_ms)
        worker.end()
        self.assertNotIn(TOKEN, "".join(worker.errors))
        self.assertNotIn(TOKEN, receipt["detail"])
        return receipt

    def test_every_byte(self):
        server = self.server()
        made = message(channel="phone")
        made["incident"]["acknowledge_url"] = "https://tocsin.example.org/a/x"
        receipt = self.deliver(server, made, device="phone,tablet",
                               sound="siren", retry="45s", expire="1h")
        self.assertEqual(receipt["status"], "delivered", receipt)
        self.assertEqual(receipt["remote_id"], "r" + "0" * 29)
        self.assertEqual(receipt["poll_after_ms"], 30000)
        self.assertIn("7496 of 10000 messages left until 2026-12-01",
                      receipt["detail"])
        sent, = server.sent()
        self.assertEqual(sent, {
            "token": TOKEN, "user": USER, "device": "phone,tablet",
            "title": "[CRITICAL] portal is failing",
            "message": "connect to 192.0.2.7:443 refused\n"
                       "https://portal.example.org/health\n"
                       "tocsin incident ack 7k3qx9v2tb",
            "priority": 2, "retry": 45, "expire": 3600, "sound": "siren",
            "timestamp": 1795320000,
            "url": "https://tocsin.example.org/a/x",
            "url_title": "Acknowledge"})

    def test_only_a_critical_alert_rings_until_somebody_answers(self):
        server = self.server()
        for severity, priority in (("info", -2), ("low", -1), ("medium", 0),
                                   ("high", 1), ("critical", 2)):
            made = message()
            made["incident"]["severity"] = severity
            receipt = self.deliver(server, made)
            self.assertEqual(server.sent()[-1]["priority"], priority)
            self.assertEqual(receipt.get("poll_after_ms", -1),
                             30000 if severity == "critical" else -1)
        for event, priority in (("resolved", 0), ("acknowledged", -1),
                                ("escalated", 2), ("test", 0)):
            self.deliver(server, message(event, 2))
            self.assertEqual(server.sent()[-1]["priority"], priority, event)
        self.assertNotIn("retry", server.sent()[-1])

    def test_a_link_that_is_too_long_gives_way(self):
        server = self.server()
        made = message()
        made["incident"]["acknowledge_url"] = "https://x.example/" + "a" * 600
        made["incident"]["url"] = "https://tocsin.example.org/incidents/7k3q"
        self.deliver(server, made)
        self.assertEqual(server.sent()[0]["url"], made["incident"]["url"])
        self.assertEqual(server.sent()[0]["url_title"], "Open")

    def test_long_texts_stay_within_the_limits(self):
        server = self.server()
        made = message("digest", 0)
        made["incident"]["id"] = ""
        made["digest"] = {
            "count": 80, "left_out": 40, "by_severity": {"critical": 80},
            "by_event": {"opened": 80},
            "incidents": [{"id": "7k3qx9v2tb", "event": "opened",
                           "title": "ä" * 90, "severity": "critical",
                           "status": "open", "probe": "p", "reason": "",
                           "failing_since": None, "url": ""}] * 40}
        self.assertEqual(self.deliver(server, made)["status"], "delivered")
        self.assertTrue(server.sent()[0]["message"].endswith("(cut to fit)"))
        self.assertLessEqual(len(server.sent()[0]["message"]), 1024)

    def test_asks_who_acknowledged(self):
        server = self.server()
        worker = self.worker(server.url)
        receipt = worker.deliver(message())["remote_id"]
        asked = worker.ask("poll", receipt)
        self.assertEqual(asked["status"], "delivered", asked)
        self.assertEqual(asked["poll_after_ms"], 30000)
        self.assertNotIn("acknowledged_by", asked)
        server.acknowledge(receipt, device="alices-phone")
        asked = worker.ask("poll", receipt)
        self.assertEqual(asked["acknowledged_by"], "alices-phone")
        self.assertNotIn("poll_after_ms", asked)
        self.assertNotIn(USER, str(asked))
        worker.end()
        self.assertNotIn(TOKEN, "".join(worker.errors))

    def test_nothing_more_to_ask(self):
        server = self.server()
        worker = self.worker(server.url)
        receipt = worker.deliver(message())["remote_id"]
        server.expire(receipt)
        asked = worker.ask("poll", receipt)
        self.assertIn("nobody acknowledged", asked["detail"])
        self.assertNotIn("poll_after_ms", asked)
        for unknown in ("r" * 30, "../../etc", "r?token=x"):
            asked = worker.ask("poll", unknown)
            self.assertEqual(asked["status"], "rejected", asked)
            self.assertNotIn("poll_after_ms", asked)
        self.assertEqual([d.path for d in server.attempts()
                          if ".." in d.path or "token=x" in d.path], [])
        worker.end()

    def test_asks_again_after_trouble(self):
        server = self.server()
        worker = self.worker(server.url)
        receipt = worker.deliver(message())["remote_id"]
        for trouble in (("status", 503), ("close",),
                        ("status", 200, {}, b"<html>")):
            server.answer = trouble
            asked = worker.ask("poll", receipt)
            self.assertEqual(asked["status"], "retry", asked)
            self.assertEqual(asked["poll_after_ms"], 30000)
            self.assertNotIn(TOKEN, asked["detail"])
        worker.end()

    def test_stops_ringing(self):
        server = self.server()
        worker = self.worker(server.url)
        receipt = worker.deliver(message())["remote_id"]
        done = worker.ask("cancel", receipt)
        self.assertEqual(done["status"], "delivered", done)
        self.assertEqual(server.cancelled, [receipt])
        self.assertEqual(worker.ask("cancel", "r" * 30)["status"], "rejected")
        worker.end()

    def test_what_the_service_refuses_is_never_sent_again(self):
        receipt = self.deliver(self.server(), token="z" * 30)
        self.assertEqual(receipt["status"], "rejected", receipt)
        self.assertEqual(receipt["code"], 400)
        self.assertIn("application token is invalid", receipt["detail"])
        receipt = self.deliver(self.server(), user="short")
        self.assertEqual(receipt["status"], "rejected", receipt)
        self.assertIn("user identifier is not a valid", receipt["detail"])

    def test_the_quota(self):
        server = self.server()
        reset = int(time.time()) + 3600
        body = b'{"status":0,"errors":["application is over its quota"]}'
        server.answer = ("status", 429, {
            "X-Limit-App-Limit": "10000", "X-Limit-App-Remaining": "0",
            "X-Limit-App-Reset": str(reset)}, body)
        receipt = self.deliver(server)
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertIn("0 of 10000 messages left", receipt["detail"])
        self.assertGreater(receipt["retry_after_ms"], 3000000)
        server.answer = ("status", 429, {"Retry-After": "20"}, body)
        self.assertEqual(self.deliver(server)["retry_after_ms"], 20000)

    def test_what_each_status_means(self):
        for status in (500, 502, 503):
            receipt = self.deliver(self.server(answer=("status", status)))
            self.assertEqual(receipt["status"], "retry", receipt)
            self.assertEqual(receipt["retry_after_ms"], 5000)
        # Not the service's own word: a proxy between, or a wrong url.
        for status in (400, 403, 404, 410):
            receipt = self.deliver(
                self.server(answer=("status", status, {}, b"<html>")))
            self.assertEqual(receipt["status"], "retry", receipt)
        receipt = self.deliver(
            self.server(answer=("status", 200, {}, b"<html>")))
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertIn("not Pushover's", receipt["detail"])

    def test_the_token_is_in_no_error(self):
        worker = self.worker(f"http://127.0.0.1:{free_port()}")
        for result in (worker.deliver(message()),
                       worker.ask("poll", "r" * 30),
                       worker.ask("cancel", "r" * 30)):
            self.assertIn("refused", result["detail"])
            self.assertNotIn(TOKEN, str(result))
        worker.end()
        self.assertNotIn(TOKEN, "".join(worker.errors))

    def test_a_configuration_that_makes_no_sense(self):
        for wrong, says in (
                ({"token": "a&b"}, "token: has characters"),
                ({"user": "u v"}, "user: has characters"),
                ({"retry": "2h", "expire": "1h"}, "retry: must not be"),
                ({"retry": "10s"}, "retry"),
                ({"expire": "4h"}, "expire"),
                ({"url": "https://x.example/?a"}, "url: must be")):
            with self.subTest(wrong):
                worker = PathWorker("pushover", {
                    "token": TOKEN, "user": USER, **wrong})
                self.addCleanup(worker.stop)
                with self.assertRaisesRegex(AssertionError, says):
                    worker.read()

    def watched(self, server):
        """An agent whose one probe fails."""
        agent = self.agent()
        agent.configure(
            [uptime("gone", "http://127.0.0.1:1/", severity="critical")],
            {"phone": {"kind": "pushover", "url": server.url, "token": TOKEN,
                       "user": USER, **LOOPBACK}})
        agent.start()
        server.wait_messages(1)
        return agent

    def test_who_acknowledges_in_the_app_has_the_incident(self):
        server = self.server()
        agent = self.watched(server)
        server.acknowledge("r" + "0" * 29, device="alices-phone")
        incident = wait_for(
            lambda: [i for i in agent.incidents(probe="gone")
                     if i["status"] == "acknowledged"],
            "the acknowledgement", timeout=120)[0]
        self.assertEqual(incident["acknowledged_by"],
                         "alices-phone (pushover in phone)")

    def test_who_acknowledges_elsewhere_stops_the_ringing(self):
        server = self.server()
        agent = self.watched(server)
        incident, = agent.incidents(probe="gone")
        agent.cli("incident", "ack", "-c", agent.config_file, incident["id"],
                  check=0)
        wait_for(lambda: server.cancelled == ["r" + "0" * 29],
                 "the ringing to be stopped")

    def test_a_whole_agent(self):
        server = self.server()
        agent = self.watched(server)
        self.assertIn("gone is failing", server.sent()[0]["title"])
        agent.stop()
        self.assertNotIn(TOKEN, agent.log())
        self.assertNotIn(USER, agent.log())


if __name__ == "__main__":
    main()
