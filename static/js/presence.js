// Says that this case is open here, and shows who else has it open. Without it the page says who had.
const place = document.querySelector('[data-presence]');
const token = document.querySelector('input[name=csrf_token]')?.value;
const EVERY = 30_000;

const send = (fields, options = {}) => fetch(place.dataset.presence, {
  method: 'POST', headers: { 'X-CSRFToken': token }, body: new URLSearchParams(fields), ...options,
});

const show = (others) => {
  if (!others.length) return place.replaceChildren();
  const words = place.dataset.words.replace('[who]', others.join(', '));
  if (place.textContent.trim() === words) return undefined; // said already, not again to a screen reader
  const line = document.createElement('p');
  line.className = 'why';
  line.textContent = words;
  return place.replaceChildren(line);
};

const sign = async () => {
  if (document.visibilityState !== 'visible') return;
  try {
    const answer = await send({});
    if (answer.ok) show((await answer.json()).others);
  } catch { /* no signal: the next one tells */ }
};

if (place && token) {
  sign();
  setInterval(sign, EVERY);
  document.addEventListener('visibilitychange', sign);
  addEventListener('pagehide', () => { send({ gone: '1' }, { keepalive: true }).catch(() => {}); });
}
