// Loaded by the service worker. A push carries nothing; these are all the words there are.
(() => {
  const WORDS = {
    vi: ['Có cập nhật mới', 'Mở trang để xem.'],
    en: ['There is news', 'Open the page to read it.'],
    km: ['មានព័ត៌មានថ្មី', 'សូមបើកទំព័រដើម្បីមើល។'],
  };

  async function language() {
    try {
      const kept = await caches.match('/push-language');
      const text = kept ? await kept.text() : '';
      return WORDS[text] ? text : 'vi';
    } catch { return 'vi'; }
  }

  self.addEventListener('push', (event) => {
    event.waitUntil((async () => {
      const [title, body] = WORDS[await language()];
      await self.registration.showNotification(title, { body, tag: 'news', icon: '/static/img/icon-192.png' });
    })());
  });

  self.addEventListener('notificationclick', (event) => {
    event.notification.close();
    event.waitUntil(self.clients.openWindow('/track'));
  });
})();
