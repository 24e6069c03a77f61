"""A server that publishes as ntfy does (JSON to the root of the server).

    ntfy = Ntfy(token="tk_x").start()
    ntfy.topic_url("oncall")   # http://127.0.0.1:PORT/oncall
    ntfy.messages()            # [Delivery, …] that were published
    ntfy.published("oncall")   # [{"topic", "title", "message", …}, …]
    ntfy.answer = ("status", 429)
    ntfy.stop()

`answer` None means: as the real server would; else as in peers/webhook.py.
"""
import base64
import json
import re
import time

from peers.webhook import Receiver

MESSAGE_MAX = 4096
ACTIONS_MAX = 3
SEQUENCE = re.compile(r"[-_A-Za-z0-9]{1,64}")


class Ntfy(Receiver):
    def __init__(self, token=None, login=None, answer=None):
        super().__init__(answer)
        self.token = token
        self.login = login  # (user, password)

    def topic_url(self, topic):
        return f"http://127.0.0.1:{self.port}/{topic}"

    def judge(self, delivery):
        given = delivery.headers.get("authorization", "")
        want = None
        if self.token:
            want = f"Bearer {self.token}"
        elif self.login:
            pair = ":".join(self.login).encode()
            want = "Basic " + base64.b64encode(pair).decode()
        delivery.verified = want is None or given == want

    @staticmethod
    def error(code, http, text):
        body = json.dumps({"code": code, "http": http, "error": text})
        return ("status", http, {"Content-Type": "application/json"},
                body.encode())

    def reply(self, delivery):
        answer = self.next_answer()
        if answer is not None:
            return answer
        if not delivery.verified:
            return self.error(40101, 401, "unauthorized")
        try:
            message = json.loads(delivery.body)
        except ValueError:
            return self.error(40009, 400, "invalid request: not JSON")
        if delivery.path != "/":
            return self.error(40401, 404, "page not found")
        if not re.fullmatch(r"[-_A-Za-z0-9]{1,64}", message.get("topic", "")):
            return self.error(40010, 400, "invalid request: topic invalid")
        if message.get("priority", 3) not in range(1, 6):
            return self.error(40007, 400, "invalid request: priority invalid")
        if len(message.get("message", "").encode()) > MESSAGE_MAX:
            return self.error(41301, 413, "message too large")
        for action in message.get("actions", []):
            if action.get("action") not in ("view", "http") or \
                    not action.get("label") or \
                    not re.match(r"https?://", action.get("url", "")):
                return self.error(40018, 400,
                                  "invalid request: actions invalid")
        if len(message.get("actions", [])) > ACTIONS_MAX:
            return self.error(40018, 400, "invalid request: too many actions")
        if not SEQUENCE.fullmatch(message.get("sequence_id", "x")):
            return self.error(40049, 400,
                              "invalid request: sequence ID invalid")
        stored = {"id": f"m{len(self.attempts()):011d}",
                  "time": int(time.time()), "event": "message", **message}
        return ("status", 200, {"Content-Type": "application/json"},
                json.dumps(stored).encode())

    def published(self, topic=None):
        found = [delivery.json() for delivery in self.messages()]
        return [m for m in found if topic in (None, m["topic"])]
