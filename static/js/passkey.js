// Passkeys: a form with data-passkey asks the server what to ask the device, and sends on what the device answered.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
const words = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
const known = (list) => (list || []).map((key) => ({ ...key, id: bytes(key.id) }));

const ask = (kind, options) => {
  const publicKey = { ...options, challenge: bytes(options.challenge) };
  if (kind === 'get') return navigator.credentials.get({ publicKey: { ...publicKey, allowCredentials: known(options.allowCredentials) } });
  return navigator.credentials.create({
    publicKey: { ...publicKey, user: { ...options.user, id: bytes(options.user.id) }, excludeCredentials: known(options.excludeCredentials) },
  });
};

const answer = ({ id, rawId, type, response: r }) => {
  const response = { clientDataJSON: words(r.clientDataJSON) };
  if (r.attestationObject) response.attestationObject = words(r.attestationObject);
  else Object.assign(response, { authenticatorData: words(r.authenticatorData), signature: words(r.signature) });
  return JSON.stringify({ id, rawId: words(rawId), type, response, clientExtensionResults: {} });
};

for (const form of document.querySelectorAll('form[data-passkey]')) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  const message = form.querySelector('[data-message]');
  const say = (text) => { message.textContent = text; message.hidden = !text; };
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    say('');
    try {
      const reply = await fetch(form.dataset.options, { method: 'POST', body: new FormData(form), headers: { Accept: 'application/json' } });
      const found = reply.headers.get('Content-Type')?.includes('json') ? await reply.json() : {};
      if (!reply.ok) { say(Object.values(found.errors || {})[0] || form.dataset.failed); return; }
      form.elements.credential.value = answer(await ask(form.dataset.passkey, found));
      form.submit();
    } catch {
      say(form.dataset.failed);
    }
  });
}
