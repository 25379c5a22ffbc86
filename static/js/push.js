// "Tell me on this phone": shown only where there is a service worker that can show a notice.
const form = document.querySelector('form[data-push]');
const say = (name) => { const line = form.querySelector('[data-push-status]'); line.textContent = line.dataset[name]; };

const key = (text) => {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0));
};

async function start() {
  if (!form || !('serviceWorker' in navigator) || !('PushManager' in window) || !('Notification' in window)) return;
  const worker = await navigator.serviceWorker.getRegistration('/');
  if (!worker) return;
  form.hidden = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      if (await Notification.requestPermission() !== 'granted') { say('denied'); return; }
      const known = await worker.pushManager.getSubscription();
      const subscription = known ?? await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key(form.dataset.key) });
      // What is said is chosen on the phone: a push carries nothing, so the language is kept here.
      await (await caches.open('push-words')).put('/push-language', new Response(form.dataset.lang));
      const beside = form.dataset.with && document.querySelector(form.dataset.with);
      const data = new FormData(beside || form);
      data.set('channel', 'push');
      data.set('endpoint', subscription.endpoint);
      const answer = await fetch(form.action, { method: 'POST', body: new URLSearchParams(data) });
      if (answer.status !== 204 && beside) { beside.requestSubmit(); return; }
      say(answer.status === 204 ? 'done' : 'failed');
    } catch { say('failed'); }
  });
}
start();
