// The subscribe page: asks the browser for a subscription and hands it to the
// agent. Paths are relative: a proxy may have put us into a folder.
'use strict';

const own = new URL('own', location.href).href;
const token = location.pathname.split('/').pop();
const start = document.getElementById('start');
const stop = document.getElementById('stop');
const state = document.getElementById('state');

function say(text) {
  state.textContent = text;
}

function bytes(text) {
  const plain = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0));
}

async function post(where, what) {
  const answer = await fetch(where, {
    method: 'POST',
    headers: {'Content-Type': 'application/json'},
    body: JSON.stringify(what),
  });
  if (answer.ok)
    return;
  const said = await answer.json().catch(() => ({}));
  throw new Error(said.error || `the agent answered ${answer.status}`);
}

// What the agent has of us. The service worker needs it when the browser makes
// a new subscription.
async function kept() {
  const found = await (await caches.open('tocsin')).match(own);
  return found ? found.json() : null;
}

async function keep(subscription) {
  const cache = await caches.open('tocsin');
  if (subscription === null)
    await cache.delete(own);
  else
    await cache.put(own, new Response(JSON.stringify(subscription)));
}

async function subscribe() {
  say('Asking for your permission …');
  if (await Notification.requestPermission() !== 'granted')
    throw new Error('you did not allow notifications. If your browser does ' +
      'not ask any more, allow them in its settings for this site');
  const worker = await navigator.serviceWorker.ready;
  const subscription = await worker.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: bytes(start.dataset.key),
  });
  await post(`${token}/subscribe`, subscription);
  await keep(subscription);
  stop.hidden = false;
  start.hidden = true;
  say('Alerts arrive on this device from now on.');
  await worker.showNotification('This is where alerts arrive', {
    body: 'Nothing is wrong.',
    tag: 'tocsin-welcome',
  });
}

async function unsubscribe() {
  const worker = await navigator.serviceWorker.ready;
  const subscription = await worker.pushManager.getSubscription();
  if (subscription !== null) {
    await post('unsubscribe', subscription);
    await subscription.unsubscribe();
  }
  await keep(null);
  stop.hidden = true;
  start.hidden = !start.dataset.key;
  say('Alerts on this device are off. Our record of it is deleted.');
}

function on(button, action) {
  button.addEventListener('click', async () => {
    button.disabled = true;
    try {
      await action();
    } catch (e) {
      say(`That did not work: ${e.message}.`);
    }
    button.disabled = false;
  });
}

// Why this browser cannot, or ''.
function lacking() {
  if (!window.isSecureContext)
    return 'Browsers allow this only with https://. Please tell who sent ' +
      'you the link.';
  if ('serviceWorker' in navigator && 'PushManager' in window &&
      'Notification' in window)
    return '';
  if (navigator.standalone === false)
    return 'On an iPhone or iPad: tap Share, then Add to Home Screen, and ' +
      'open this page from there.';
  return 'This browser cannot receive pushes, or not in a private window. ' +
    'Try another one.';
}

// A renewal that the service worker could not tell, being offline then.
async function catchUp(subscription) {
  const old = await kept();
  if (old === null || old.endpoint === subscription.endpoint)
    return;
  await post('renew', {old, new: subscription});
  await keep(subscription);
}

async function begin() {
  const why = lacking();
  if (why !== '') {
    say(why);
    return;
  }
  await navigator.serviceWorker.register('worker.js');
  const worker = await navigator.serviceWorker.ready;
  const subscription = await worker.pushManager.getSubscription();
  on(start, subscribe);
  on(stop, unsubscribe);
  // Who is subscribed may be invited to one more channel.
  start.hidden = !start.dataset.key;
  stop.hidden = subscription === null;
  if (subscription !== null) {
    say('This browser is subscribed to alerts.');
    await catchUp(subscription);
  } else {
    say(start.dataset.key ? 'Alerts on this device are off.' :
      'This browser is not subscribed. To get alerts, open an invitation.');
  }
}

begin().catch((e) => say(`That did not work: ${e.message}.`));
