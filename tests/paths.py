"""Three ways to reach people, with their real or realistic other ends:

    mail  Postfix, STARTTLS (TLS 1.3 offered), AUTH if asked for
    hook  a receiver that verifies Standard Webhooks signatures
    push  a server that takes messages as ntfy does

seen() says what arrived on each, in one form.
"""
import dataclasses
import email
import email.policy
import re
import time

from peers.forward import Forward
from peers.ntfy import Ntfy
from peers.postfix import Postfix
from peers.webhook import SECRET, Webhook

TOKEN = "tk_of_no_value"
LOOPBACK = {"allow_addresses": ["127.0.0.0/8"], "allow_http": True}
KINDS = {"mail": "email", "hook": "webhook", "push": "ntfy"}


@dataclasses.dataclass(frozen=True)
class Seen:
    key: str       # the idempotency key "<incident>-<seq>-<channel>"
    event: str
    probe: str
    at: float      # when it arrived, seconds since 1970

    @property
    def incident(self):
        return self.key.split("-")[0]


class Paths:
    def __init__(self, auth=("tocsin", "a-password-of-no-value")):
        self.auth = auth
        self.mail = Postfix(auth=auth)
        self.hook = Webhook()
        self.push = Ntfy(token=TOKEN)
        self.forwards = []

    def start(self):
        for peer in (self.mail, self.hook, self.push):
            peer.start()
        return self

    def stop(self):
        for peer in (*self.forwards, self.hook, self.push, self.mail):
            peer.stop()

    def channels(self, mail=None, hook=None, push=None):
        """Configuration; a port given for one leads that one elsewhere."""
        made = {
            "mail": {"kind": "email",
                     "server": f"smtp://localhost:{mail or self.mail.port}",
                     "ca_file": str(self.mail.ca_file),
                     "from": "tocsin@example.org",
                     "to": ["oncall@example.org"]},
            "hook": {"kind": "webhook", "secret": SECRET,
                     "url": f"http://127.0.0.1:{hook or self.hook.port}/hook",
                     **LOOPBACK},
            "push": {"kind": "ntfy", "token": TOKEN,
                     "url": f"http://127.0.0.1:{push or self.push.port}/oncall",
                     **LOOPBACK},
        }
        if self.auth:
            made["mail"]["user"], made["mail"]["password"] = self.auth
        return made

    def answer_at(self, name, port):
        """From now on the good server of this path answers there as well."""
        self.forwards.append(
            Forward(port, getattr(self, name).port).start())

    def mails(self):
        """[(arrived, message), …] in order of arrival."""
        folder = self.mail.folder / "mail/inbox/new"
        found = [(file.stat().st_mtime, email.message_from_bytes(
            file.read_bytes(), policy=email.policy.default))
            for file in folder.glob("*")]
        return sorted(found, key=lambda pair: pair[0])

    def seen(self):
        """{path: [Seen, …]}, of what was accepted."""
        ago = time.time() - time.monotonic()
        hooks = [Seen(d.key, d.data["event"], d.data["probe"]["name"],
                      d.at + ago) for d in self.hook.messages()]
        # A push says neither event nor probe in so many words: its key does,
        # with the webhook or the mail of the same step.
        mails = [Seen(m["X-Tocsin-Delivery"], m["X-Tocsin-Event"],
                      m["X-Tocsin-Probe"], at) for at, m in self.mails()]
        steps = {step(s.key): s for s in hooks + mails}
        pushes = []
        for d in self.push.messages():
            key = d.headers["x-idempotency-key"]
            same = steps.get(step(key))
            pushes.append(Seen(key, same.event if same else "",
                               same.probe if same else "", d.at + ago))
        return {"mail": mails, "hook": hooks, "push": pushes}

    def mail_protocols(self):
        """TLS versions that Postfix saw, one a session."""
        return re.findall(r"TLS connection established .*?: (TLSv[0-9.]+)",
                          self.mail.log())


def step(key):
    """"<incident>-<seq>" of an idempotency key."""
    return key.rsplit("-", 1)[0]
