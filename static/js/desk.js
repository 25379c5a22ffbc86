// Lists by keyboard: j and k move, Enter opens, x chooses, / finds, ? shows the keys. Everything works without it.
const rows = [...document.querySelectorAll('[data-list] [data-row] a')];
const typing = (el) => el.matches('input:not([type=radio], [type=checkbox]), textarea, select') || el.isContentEditable;
const keys = document.querySelector('[data-keys]');

const move = (by) => {
  const row = document.activeElement?.closest('[data-row]');
  const at = row ? rows.indexOf(row.querySelector('a')) : -1;
  const next = rows[Math.min(Math.max(at + by, 0), rows.length - 1)];
  next?.focus();
  next?.closest('[data-row]').scrollIntoView({ block: 'nearest' });
};

const choose = () => {
  document.activeElement?.closest('[data-row]')?.querySelector('input[type=checkbox]')?.click();
};

const find = () => document.querySelector('[data-search]')?.focus();

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  x: choose,
  '/': find,
  '?': () => {
    if (!keys) return;
    keys.open = !keys.open;
    if (keys.open) keys.scrollIntoView({ block: 'nearest' });
  },
};

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const act = KEYS[event.key];
  if (!act || !(rows.length || event.key === '/')) return;
  event.preventDefault();
  act();
});

// Choosing many: how many, and all at once.
const bulk = document.querySelector('[data-bulk]');
if (bulk) {
  const boxes = [...bulk.querySelectorAll('input[name=case]')];
  const all = bulk.querySelector('[data-all]');
  const count = bulk.querySelector('[data-count]');
  const tell = () => {
    const number = boxes.filter((box) => box.checked).length;
    count.textContent = count.dataset.words.replace('{n}', number);
    all.querySelector('input').checked = number === boxes.length;
  };
  all.hidden = false;
  all.addEventListener('change', (event) => {
    for (const box of boxes) box.checked = event.target.checked;
    tell();
  });
  bulk.addEventListener('change', tell);
  addEventListener('pageshow', tell);
}

// On a phone a row of tabs is wider than the screen: where one is stands in its middle.
for (const tab of document.querySelectorAll('.tabs [aria-current]')) {
  const row = tab.closest('.tabs');
  row.scrollLeft += tab.getBoundingClientRect().left - row.getBoundingClientRect().left - (row.clientWidth - tab.offsetWidth) / 2;
}

// What was wrong comes into view and is read out first.
document.querySelector('[data-focus]')?.focus();

// A form is sent once, however often a hurried hand clicks; but one that gives a file stays where it is.
for (const form of document.querySelectorAll('form[method=post]:not([data-again])')) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = '1';
  });
}
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
});
