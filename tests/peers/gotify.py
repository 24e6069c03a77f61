"""A server that takes messages as Gotify does (POST /message).

    gotify = Gotify(token="Aqj2y7wRkMYjhQb").start()
    gotify.url                 # http://127.0.0.1:PORT
    gotify.messages()          # [Delivery, …] that it took
    gotify.stored()            # [{"title", "message", …}, …]
    gotify.answer = ("status", 500)
    gotify.stop()

`answer` None means: as the real server would; else as in peers/webhook.py.
"""
import json

from peers.webhook import Receiver

TOKEN = "Aqj2y7wRkMYjhQb"
MEMBERS = {"title": str, "message": str, "priority": int, "extras": dict}


class Gotify(Receiver):
    def __init__(self, token=TOKEN, answer=None, folder=""):
        super().__init__(answer)
        self.token = token
        self.folder = folder  # "/gotify" when it stands behind a proxy

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}{self.folder}"

    def judge(self, delivery):
        delivery.verified = delivery.headers.get("x-gotify-key") == self.token

    @staticmethod
    def says(http, words):
        names = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}
        body = {"error": names[http], "errorCode": http,
                "errorDescription": words}
        return ("status", http, {"Content-Type": "application/json"},
                json.dumps(body).encode())

    def reply(self, delivery):
        answer = self.next_answer()
        if answer is not None:
            return answer
        if delivery.method != "POST" or \
                delivery.path != f"{self.folder}/message":
            return self.says(404, "page not found")
        if not delivery.verified:
            return self.says(401, "you need to provide a valid access token "
                                  "or user credentials to access this api")
        if delivery.headers.get("content-type") != "application/json":
            return self.says(400, "Field 'message' is required")
        try:
            message = delivery.json()
        except ValueError:
            return self.says(400, "invalid character")
        for name, value in message.items():
            if not isinstance(value, MEMBERS.get(name, ())):
                return self.says(400, f"{name} is not for a message")
        if not message.get("message"):
            return self.says(400, "Field 'message' is required")
        # It answers with everything that it stored.
        stored = {"id": len(self.attempts()), "appid": 5,
                  "date": "2026-11-22T04:00:00.123456789Z", **message}
        return ("status", 200, {"Content-Type": "application/json"},
                json.dumps(stored).encode())

    def stored(self):
        return [delivery.json() for delivery in self.messages()]
