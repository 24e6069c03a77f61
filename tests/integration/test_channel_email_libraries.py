#!/usr/bin/python3
"""The e-mail channel's two libraries: which one speaks, when the other goes on,
and what only libcurl can: OAuth tokens."""
import os
import pathlib
import signal
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from harness import free_port, main, uptime, wait_for  # noqa: E402
from path_worker import message  # noqa: E402
from peers.nginx import certificate  # noqa: E402
from peers.smtp_bad import BadSmtp  # noqa: E402
from peers.smtp_oauth import OauthSmtp  # noqa: E402
from test_channel_email import EmailCase  # noqa: E402


class WithTwoLibraries(EmailCase):
    """backend: auto is libesmtp, and libcurl where that breaks down.

    libesmtp's session costs two connections (it makes its own), libcurl's one.
    """

    def attempt(self, bad, worker, what=None, timeout_ms=60000, **job):
        before = bad.connections
        receipt = worker.deliver(what or message(), timeout_ms, **job)
        return receipt, bad.connections - before

    def server(self, mode="well", **more):
        return self.peer(BadSmtp(mode, **more).start())

    def plain(self, bad, **config):
        return self.worker(server=bad.url, starttls="none", **config)

    def test_libcurl_goes_on_where_libesmtp_breaks_down(self):
        bad = self.server("bare_greeting")
        worker = self.plain(bad)
        receipt, connections = self.attempt(bad, worker)
        self.assertEqual(receipt["status"], "delivered", receipt)
        self.assertEqual(connections, 3)
        self.assertEqual(len(bad.messages()), 1)
        # The next one does not lose time again.
        receipt, connections = self.attempt(bad, worker, message("note", 2))
        self.assertEqual(receipt["status"], "delivered", receipt)
        self.assertEqual(connections, 1)
        worker.end()
        self.assertIn("libesmtp failed at greeting: going on with libcurl",
                      "".join(worker.errors))

    def test_each_library_alone(self):
        for backend, mode, status, connections in (
                ("libesmtp", "well", "delivered", 2),
                ("libesmtp", "bare_greeting", "retry", 2),
                ("curl", "well", "delivered", 1),
                ("curl", "bare_greeting", "delivered", 1)):
            with self.subTest(f"{backend} {mode}"):
                bad = self.server(mode)
                worker = self.plain(bad, backend=backend)
                receipt, made = self.attempt(bad, worker)
                worker.end()
                self.assertEqual(receipt["status"], status, receipt)
                self.assertEqual(made, connections)

    def test_a_server_of_tls_1_3_alone(self):
        """libesmtp is held to TLS 1.2, since it hangs on 1.3's tickets."""
        cert, key = certificate(self.folder)
        for backend, status in (("auto", "delivered"), ("libesmtp", "retry")):
            with self.subTest(backend):
                bad = self.server("tls13", certificate=(cert, key))
                worker = self.worker(server=f"smtp://localhost:{bad.port}",
                                     ca_file=str(cert), backend=backend)
                receipt, _ = self.attempt(bad, worker)
                worker.end()
                self.assertEqual(receipt["status"], status, receipt)

    def test_no_second_try_once_the_server_may_have_it(self):
        for mode in ("hang_after_data", "close_after_data"):
            with self.subTest(mode):
                bad = self.server(mode)
                worker = self.plain(bad)
                receipt, connections = self.attempt(
                    bad, worker, timeout_ms=3000)
                worker.end()
                self.assertEqual(receipt["status"], "retry", receipt)
                self.assertEqual(connections, 2)
                self.assertEqual(len(bad.messages()), 1)

    def test_no_second_try_after_a_refusal(self):
        for mode in ("refuse", "busy", ("reply", "MAIL", "451 4.3.0 wait"),
                     ("reply", "RCPT", "550 5.1.1 nobody")):
            with self.subTest(mode):
                bad = self.server(mode)
                worker = self.plain(bad)
                _, connections = self.attempt(bad, worker)
                worker.end()
                self.assertEqual(connections, 2)

    def test_the_second_library_keeps_to_the_same_deadline(self):
        bad = self.server("silent")
        worker = self.plain(bad)
        began = time.monotonic()
        receipt, connections = self.attempt(bad, worker, timeout_ms=3000)
        took = time.monotonic() - began
        worker.end()
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertEqual(connections, 3)
        self.assertGreater(took, 2.5)
        self.assertLess(took, 30)

    def test_after_a_lost_worker_libcurl_begins(self):
        bad = self.server()
        worker = self.plain(bad)
        receipt, connections = self.attempt(bad, worker, lost=True)
        self.assertEqual(receipt["status"], "delivered", receipt)
        self.assertEqual(connections, 1)
        worker.end()

    def test_libesmtp_has_its_turn_again_when_libcurl_fails_too(self):
        bad = self.server("silent")
        worker = self.plain(bad)
        _, connections = self.attempt(bad, worker, timeout_ms=1500, lost=True)
        self.assertEqual(connections, 1)
        bad.mode = "well"
        receipt, connections = self.attempt(bad, worker)
        self.assertEqual(receipt["status"], "delivered", receipt)
        self.assertEqual(connections, 2)
        worker.end()


class WithAnAgent(EmailCase):
    def test_the_attempt_after_a_killed_worker_is_by_libcurl(self):
        bad = self.peer(BadSmtp("silent").start())
        agent = self.agent()
        agent.configure(
            [uptime("gone", f"tcp://127.0.0.1:{free_port()}")],
            {"mail": {"kind": "email", "server": bad.url, "starttls": "none",
                      "from": "tocsin@example.org",
                      "to": "oncall@example.org"}})
        agent.start()
        wait_for(lambda: bad.connections == 2, "libesmtp to wait")
        pid = agent.wait_worker("path", "email")
        bad.mode = "well"
        os.kill(pid, signal.SIGKILL)
        wait_for(bad.messages, "the mail")
        self.assertEqual(bad.connections, 3)
        self.assertEqual(len(bad.messages()), 1)
        agent.stop()
        self.assert_clean_log(agent)


class WithTokens(EmailCase):
    USER = "alerts@example.org"

    def setUp(self):
        super().setUp()
        self.cert = certificate(self.folder)

    def serve(self, mechanism, token="ya29.first"):
        return self.peer(OauthSmtp(mechanism, self.USER, token,
                                   self.cert).start())

    def config(self, server, **more):
        return {"server": f"smtp://localhost:{server.port}",
                "ca_file": str(self.cert[0]), "user": self.USER, **more}

    def test_both_mechanisms_to_the_letter(self):
        for mechanism in ("XOAUTH2", "OAUTHBEARER"):
            with self.subTest(mechanism):
                server = self.serve(mechanism)
                worker = self.worker(
                    **self.config(server, oauth_token="ya29.first"))
                receipt = worker.deliver(message())
                worker.end()
                self.assertEqual(receipt["status"], "delivered", receipt)
                self.assertEqual(server.shown, [server.expected()])
                self.assertEqual(len(server.messages()), 1)

    def test_an_expired_token_waits_for_a_new_one(self):
        for mechanism in ("XOAUTH2", "OAUTHBEARER"):
            with self.subTest(mechanism):
                server = self.serve(mechanism, "ya29.second")
                path = self.folder / f"token-{mechanism}"
                path.write_text("ya29.first\n")
                path.chmod(0o600)
                worker = self.worker(
                    **self.config(server, oauth_token_file=str(path)))
                receipt = worker.deliver(message())
                self.assertEqual(receipt["status"], "retry", receipt)
                self.assertEqual(receipt["code"], 334)
                self.assertIn('"status": "401"', receipt["detail"])
                self.assertIn("check the OAuth token", receipt["detail"])
                self.assertEqual(server.messages(), [])
                path.write_text("ya29.second\n")
                receipt = worker.deliver(message())
                self.assertEqual(receipt["status"], "delivered", receipt)
                worker.end()
                self.assertNotIn("ya29", "".join(worker.errors))

    def test_a_token_that_the_server_repeats_is_not_told(self):
        server = self.serve("XOAUTH2")
        server.mode = ("reply", "AUTH", "535 5.7.8 what is ya29.first")
        path = self.folder / "token"
        path.write_text("ya29.first")
        path.chmod(0o600)
        worker = self.worker(
            **self.config(server, oauth_token_file=str(path)))
        receipt = worker.deliver(message())
        worker.end()
        self.assertEqual(receipt["code"], 535)
        self.assertNotIn("ya29", receipt["detail"])

    def test_a_token_file_that_is_missing(self):
        server = self.serve("XOAUTH2")
        worker = self.worker(
            **self.config(server, oauth_token_file="/nowhere/token"))
        receipt = worker.deliver(message())
        worker.end()
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertIn("/nowhere/token", receipt["detail"])


if __name__ == "__main__":
    main()
