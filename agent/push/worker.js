// The service worker: shows what is pushed, opens what is tapped, and tells the
// agent when the browser has made a new subscription.
'use strict';

const own = new URL('own', location.href).href;

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate',
  (event) => event.waitUntil(self.clients.claim()));

// Something must be shown for every push: browsers insist on it.
function read(event) {
  try {
    return event.data.json();
  } catch (e) {
    return {title: 'tocsin: an alert', text: 'It could not be read.'};
  }
}

self.addEventListener('push', (event) => {
  const alert = read(event);
  const options = {
    body: alert.text,
    requireInteraction: Boolean(alert.stays),
    silent: Boolean(alert.silent),
    timestamp: alert.at,
    data: {link: alert.link, acknowledge: alert.acknowledge},
    actions: [],
  };
  if (alert.tag) {
    options.tag = alert.tag;
    options.renotify = Boolean(alert.again);
  }
  if (alert.acknowledge)
    options.actions.push({action: 'acknowledge', title: 'Acknowledge'});
  if (alert.link)
    options.actions.push({action: 'open', title: 'Open'});
  event.waitUntil(
    self.registration.showNotification(String(alert.title), options));
});

function isWeb(link) {
  return typeof link === 'string' && /^https?:\/\//.test(link);
}

self.addEventListener('notificationclick', (event) => {
  const {link, acknowledge} = event.notification.data || {};
  const where = event.action === 'acknowledge' ? acknowledge :
    link || acknowledge;
  event.notification.close();
  if (isWeb(where))
    event.waitUntil(self.clients.openWindow(where));
});

// The old subscription proves to the agent who we are.
async function renew(event) {
  const cache = await caches.open('tocsin');
  const found = await cache.match(own);
  const old = found ? await found.json() : event.oldSubscription;
  let fresh = event.newSubscription ||
    await self.registration.pushManager.getSubscription();
  if (!fresh && event.oldSubscription)
    fresh = await self.registration.pushManager.subscribe(
      event.oldSubscription.options);
  if (!old || !fresh)
    return;
  const answer = await fetch('renew', {
    method: 'POST',
    headers: {'Content-Type': 'application/json'},
    body: JSON.stringify({old, new: fresh}),
  });
  if (answer.ok)
    await cache.put(own, new Response(JSON.stringify(fresh)));
}

self.addEventListener('pushsubscriptionchange',
  (event) => event.waitUntil(renew(event)));
