"""An SMTP server that takes OAuth tokens, and checks the SASL string to the
letter (RFC 7628 for OAUTHBEARER; XOAUTH2 as Google and Microsoft have it).

    server = OauthSmtp("XOAUTH2", "me@example.org", "token", certificate=…)
    server.start()
    server.token = "another"     # the old one has expired
    server.shown                 # the SASL strings it was given, decoded

A wrong string gets the challenge that says why, and 535 once it is answered.
"""
import base64
import json

from peers.smtp_bad import BadSmtp, Dialogue

REFUSAL = {"status": "401", "schemes": "bearer",
           "scope": "https://mail.example.org/"}


class OauthDialogue(Dialogue):
    def do_ehlo(self):
        self.say("250-oauth.example.org")
        if not self.encrypted:
            self.say("250 STARTTLS")
            return
        self.say("250 AUTH PLAIN " + self.server.mechanism)

    def answer(self):
        """One line of the client's, decoded; None if it went away."""
        line = self.lines.readline(20000)
        return base64.b64decode(line, validate=False) if line else None

    def do_auth(self):
        words = self.server.commands()[-1].split(" ")
        if words[1] != self.server.mechanism:
            self.say("504 5.5.4 not that one")
            return True
        if len(words) == 2:
            self.say("334 ")
            shown = self.answer()
        else:
            shown = base64.b64decode(words[2])
        self.server.shown.append(shown)
        if shown == self.server.expected():
            self.say("235 2.7.0 welcome")
            return True
        self.say("334 " + base64.b64encode(
            json.dumps(REFUSAL).encode()).decode())
        if self.answer() is None:
            return False
        self.say("535 5.7.8 refused")
        return True


class OauthSmtp(BadSmtp):
    dialogue = OauthDialogue

    def __init__(self, mechanism, user, token, certificate):
        super().__init__(certificate=certificate)
        self.mechanism, self.user, self.token = mechanism, user, token
        self.shown = []

    def expected(self):
        bearer = f"auth=Bearer {self.token}\x01\x01"
        if self.mechanism == "XOAUTH2":
            return f"user={self.user}\x01{bearer}".encode()
        return (f"n,a={self.user},\x01host=localhost\x01port={self.port}\x01"
                f"{bearer}").encode()
