#!/usr/bin/python3
"""The subscribe page and its service worker in a real browser. Only the push
service's part of the browser is a stub: there is no Internet here."""
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness import Case, main, wait_for  # noqa: E402
from peers.chromium import Chromium  # noqa: E402
from peers.webpush import (VAPID_PRIVATE, VAPID_PUBLIC,  # noqa: E402
                           WebPush, identity)

# What stands between the page and the browser's maker.
STUB = """
(() => {
  const offered = %s;
  let current = null;
  const make = () => ({
    endpoint: offered.endpoint,
    toJSON: () => offered,
    unsubscribe: async () => { current = null; return true; },
  });
  PushManager.prototype.getSubscription = async () => current;
  PushManager.prototype.subscribe = async (options) => {
    window.asked = {visible: options.userVisibleOnly,
      key: Array.from(new Uint8Array(options.applicationServerKey))};
    return current = make();
  };
  if (%s) current = make();
})();
"""
SETTLED = "!state.textContent.startsWith('Looking')"


class SubscribePage(Case):
    @classmethod
    def setUpClass(cls):
        cls.browser = Chromium().start()

    @classmethod
    def tearDownClass(cls):
        cls.browser.stop()

    def setUp(self):
        super().setUp()
        self.service = self.peer(WebPush().start())
        self.tocsin = self.agent()
        self.origin = f"http://127.0.0.1:{self.tocsin.port}"
        self.tocsin.configure([], {"browsers": {
            "kind": "webpush", "private_key": VAPID_PRIVATE,
            "subject": "mailto:ops@example.org", "allow_http": True,
            "allow_addresses": ["127.0.0.0/8"]}},
            agent={"name": "watch-1", "public_url": self.origin})
        self.tocsin.start()
        self.browser.grant(self.origin, "notifications", "granted")
        self.alice = self.service.subscribe()
        self.pages = []
        self.addCleanup(lambda: [page.close() for page in self.pages])

    def open(self, url, offered=None, subscribed=False, **look):
        stub = STUB % (json.dumps(self.service.browser(offered or self.alice)),
                       json.dumps(subscribed))
        page = self.browser.open(url, before=stub, **look)
        self.pages.append(page)
        page.wait(SETTLED, "the page to have looked")
        return page

    def invited(self, **options):
        done = self.tocsin.cli("channel", "invite", "-c",
                               self.tocsin.config_file, "--json", "browsers",
                               check=0)
        return self.open(json.loads(done.stdout)["url"], **options)

    def ids(self):
        return [row["id"] for row in self.tocsin.get(
            "/api/v1/channels/browsers/subscribers")["subscribers"]]

    def press(self, page, button):
        page.run(f"{button}.click()")
        page.wait(f"!{button}.disabled", "it to be done")

    def notifications(self, page):
        return page.run(
            "navigator.serviceWorker.ready.then(r => r.getNotifications())"
            ".then(list => list.map(n => ({title: n.title, body: n.body,"
            " tag: n.tag, data: n.data, silent: n.silent,"
            " stays: n.requireInteraction,"
            " actions: n.actions.map(a => a.action)})))")

    def test_on_and_off(self):
        page = self.invited()
        self.assertEqual(page.run("state.textContent"),
                         "Alerts on this device are off.")
        self.assertTrue(page.run("stop.hidden"))
        self.press(page, "start")
        self.assertIn("arrive on this device", page.run("state.textContent"))
        self.assertEqual(self.ids(), [self.alice["id"]])
        self.assertEqual(page.run("asked.visible"), True)
        key = bytes(page.run("asked.key"))
        self.assertEqual(len(key), 65)
        self.assertEqual(
            page.run("btoa(String.fromCharCode(...asked.key))"
                     ".replace(/\\+/g, '-').replace(/\\//g, '_')"
                     ".replace(/=+$/, '')"), VAPID_PUBLIC)
        self.assertEqual([n["title"] for n in self.notifications(page)],
                         ["This is where alerts arrive"])
        self.assertTrue(page.run("start.hidden"))
        self.press(page, "stop")
        self.assertIn("Our record of it is deleted",
                      page.run("state.textContent"))
        self.assertEqual(self.ids(), [])
        self.assertEqual(page.complaints(), [])

    def test_fits_a_phone(self):
        for dark in (False, True):
            page = self.invited(dark=dark, width=320, height=560)
            self.assertLessEqual(
                page.run("document.documentElement.scrollWidth"), 320)
            self.assertGreaterEqual(
                page.run("start.getBoundingClientRect().height"), 48)
            page.picture(self.folder / f"page-{dark}.png")

    def test_permission_that_is_not_given(self):
        self.browser.grant(self.origin, "notifications", "denied")
        page = self.invited()
        self.press(page, "start")
        self.assertIn("you did not allow notifications",
                      page.run("state.textContent"))
        self.assertEqual(self.ids(), [])

    def test_an_agent_that_refuses(self):
        bad = dict(self.alice, auth="AAAA")
        page = self.invited(offered=bad)
        self.press(page, "start")
        self.assertIn("did not work: auth: is not the Base64url of 16 bytes",
                      page.run("state.textContent"))
        self.assertFalse(page.run("start.hidden"))

    def test_stopping_needs_no_invitation(self):
        self.press(self.invited(), "start")
        self.assertEqual(self.ids(), [self.alice["id"]])
        page = self.open(f"{self.origin}/push/", subscribed=True)
        self.assertTrue(page.run("start.hidden"))
        self.press(page, "stop")
        self.assertEqual(self.ids(), [])

    def test_a_change_that_was_missed_is_caught_up_with(self):
        self.press(self.invited(), "start")
        moved = self.service.subscribe()
        self.open(f"{self.origin}/push/", offered=moved, subscribed=True)
        wait_for(lambda: self.ids() == [moved["id"]], "the new address")

    def test_a_browser_that_cannot(self):
        done = self.tocsin.cli("channel", "invite", "-c",
                               self.tocsin.config_file, "--json", "browsers")
        page = self.browser.open(json.loads(done.stdout)["url"],
                                 before="delete window.PushManager")
        self.pages.append(page)
        page.wait(SETTLED, "the page to have looked")
        self.assertIn("cannot receive pushes", page.run("state.textContent"))
        self.assertTrue(page.run("start.hidden"))

    # ---- the service worker ----

    def worker(self):
        page = self.invited()
        page.ask("ServiceWorker.enable")
        self.press(page, "start")

        def registration():
            for event in self.browser.events(
                    "ServiceWorker.workerRegistrationUpdated", page.session):
                for one in event["registrations"]:
                    if one["scopeURL"] == f"{self.origin}/push/":
                        return one["registrationId"]
            return None
        found = wait_for(registration, "its registration")
        # What is pushed to a worker that is not active yet is dropped.
        page.run("navigator.serviceWorker.ready.then("
                 "r => { window.registered = r; }), true")
        page.wait("Boolean(window.registered && window.registered.active && "
                  "window.registered.active.state === 'activated')",
                  "the worker to be active")
        return page, found

    def push(self, page, registration, data):
        """As the browser does once it has decrypted what came. Chromium drops
        one now and then when it starts the worker for it: then again."""
        before = self.notifications(page)
        for _ in range(8):
            page.ask("ServiceWorker.deliverPushMessage", origin=self.origin,
                     registrationId=registration, data=data)
            end = time.monotonic() + 4
            while time.monotonic() < end:
                if self.notifications(page) != before:
                    return
                time.sleep(0.05)

    def test_shows_what_is_pushed(self):
        page, registration = self.worker()
        self.tocsin.cli("channel", "test", "-c", self.tocsin.config_file,
                        "browsers", check=0)
        sent, = self.service.open(self.service.wait_messages(1))
        self.push(page, registration, sent["text"])
        shown = wait_for(
            lambda: [n for n in self.notifications(page)
                     if n["title"].startswith("[TEST]")], "it to be shown")[0]
        self.assertEqual(shown["body"], json.loads(sent["text"])["text"])
        self.assertIn("/incidents/", shown["data"]["link"])
        self.assertEqual(shown["actions"], ["open"])

    def test_an_alert_replaces_its_own(self):
        page, registration = self.worker()
        alert = {"title": "[CRITICAL] portal is failing", "text": "refused",
                 "tag": "7k3qx9v2tb", "at": 1795320000000, "again": True,
                 "stays": True, "silent": False,
                 "link": f"{self.origin}/incidents/7k3qx9v2tb",
                 "acknowledge": f"{self.origin}/ack/x"}
        self.push(page, registration, json.dumps(alert))
        wait_for(lambda: len(self.notifications(page)) == 2, "the alert")
        shown = [n for n in self.notifications(page)
                 if n["tag"] == "7k3qx9v2tb"][0]
        self.assertTrue(shown["stays"])
        self.assertEqual(shown["actions"], ["acknowledge", "open"])
        over = dict(alert, title="[RESOLVED] portal", stays=False, again=False)
        del over["acknowledge"]
        self.push(page, registration, json.dumps(over))
        wait_for(lambda: any(n["title"] == "[RESOLVED] portal"
                             for n in self.notifications(page)), "its end")
        self.assertEqual(len(self.notifications(page)), 2)

    def test_always_shows_something(self):
        page, registration = self.worker()
        self.push(page, registration, "no JSON")
        wait_for(lambda: any("could not be read" in n["body"]
                             for n in self.notifications(page)), "something")

    def test_opens_what_is_tapped(self):
        self.worker()
        worker = self.browser.service_worker(self.origin)
        tapped = worker.run("""(() => {
          const opened = [];
          self.clients.openWindow = async (url) => { opened.push(url); };
          const tap = (data, action) => {
            const event = new Event('notificationclick');
            event.notification = {data, close: () => {}};
            event.action = action;
            event.waitUntil = () => {};
            self.dispatchEvent(event);
          };
          const data = {link: 'https://x.example/i', acknowledge:
            'https://x.example/ack'};
          tap(data, '');
          tap(data, 'open');
          tap(data, 'acknowledge');
          tap({acknowledge: 'https://x.example/ack'}, '');
          tap({link: 'javascript:alert(1)'}, '');
          tap(null, '');
          return opened;
        })()""")
        self.assertEqual(tapped, [
            "https://x.example/i", "https://x.example/i",
            "https://x.example/ack", "https://x.example/ack"])

    def test_tells_a_new_subscription(self):
        self.worker()
        moved = self.service.subscribe()
        worker = self.browser.service_worker(self.origin)
        worker.run("""(() => {
          const event = new Event('pushsubscriptionchange');
          let done;
          event.waitUntil = (promise) => { done = promise; };
          event.oldSubscription = null;
          event.newSubscription = %s;
          self.dispatchEvent(event);
          return done;
        })()""" % json.dumps(self.service.browser(moved)))
        self.assertEqual(self.ids(), [moved["id"]])
        self.assertNotEqual(moved["id"], identity(self.alice["endpoint"]))


if __name__ == "__main__":
    main()
