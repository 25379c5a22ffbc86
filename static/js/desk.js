// Lists by keyboard: j and k move, Enter opens, / searches. Everything works without it.
const rows = [...document.querySelectorAll('[data-list] [data-row] a')];
const typing = (el) => el.matches('input:not([type=radio], [type=checkbox]), textarea, select') || el.isContentEditable;

if (rows.length && matchMedia('(hover: hover)').matches) {
  document.querySelector('[data-keys]')?.removeAttribute('hidden');
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === '/') {
    const search = document.querySelector('[data-search]');
    if (!search) return;
    event.preventDefault();
    const folded = search.closest('details');
    if (folded) folded.open = true;
    search.focus();
    return;
  }
  if (!rows.length || (event.key !== 'j' && event.key !== 'k')) return;
  event.preventDefault();
  const at = rows.indexOf(document.activeElement);
  const next = event.key === 'j' ? at + 1 : Math.max(at, 1) - 1;
  const row = rows[Math.min(next, rows.length - 1)];
  row.focus();
  row.closest('[data-row]').scrollIntoView({ block: 'nearest' });
});

// What was wrong comes into view and is read out first.
document.querySelector('[data-focus]')?.focus();

// A form is sent once, however often a hurried hand clicks.
for (const form of document.querySelectorAll('form[method=post]')) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = '1';
  });
}
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
});
