// Drawing over a photo what must not be seen. The rows of numbers stay the form's only truth: this fills them.
const form = document.querySelector('[data-blur]');
const stage = form.querySelector('[data-stage]');
const rows = form.querySelector('[data-rows]');
const undo = form.querySelector('[data-undo]');
const canvas = document.createElement('canvas');
const pen = canvas.getContext('2d');
const sides = ['left', 'top', 'width', 'height'];
let from = null;
let to = null;

const values = (row) => sides.map((name) => Number.parseFloat(row.querySelector(`[name=${name}]`).value.replace(',', '.')));
const all = () => [...rows.querySelectorAll('.blur-row')];
const used = () => all().filter((row) => sides.some((name) => row.querySelector(`[name=${name}]`).value.trim()));

function draw() {
  const { width, height } = stage.getBoundingClientRect();
  const scale = Math.min(devicePixelRatio || 1, 2);
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const box = ([left, top, wide, high], fill) => {
    const at = [left * canvas.width, top * canvas.height, wide * canvas.width, high * canvas.height];
    pen.fillStyle = fill;
    pen.fillRect(...at);
    pen.lineWidth = 2 * scale;
    pen.strokeStyle = '#000';
    pen.strokeRect(...at);
    pen.setLineDash([6 * scale, 6 * scale]);
    pen.strokeStyle = '#fff';
    pen.strokeRect(...at);
    pen.setLineDash([]);
  };
  for (const row of used()) {
    const numbers = values(row).map((percent) => percent / 100);
    if (numbers.some(Number.isNaN) || row.querySelector('[name=remove]')?.checked) continue;
    box(numbers, 'rgb(0 0 0 / .7)');
  }
  if (from && to) box(between(from, to), 'rgb(0 0 0 / .45)');
  undo.hidden = !used().length;
}

const between = (a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.abs(a[0] - b[0]), Math.abs(a[1] - b[1])];

function place(event) {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const inside = (share) => Math.min(1, Math.max(0, share));
  return [inside((event.clientX - left) / width), inside((event.clientY - top) / height)];
}

function freeRow() {
  const free = all().find((row) => !used().includes(row));
  // One row stays empty, as the pattern of the next.
  if (free && all().length > used().length + 1) return free;
  const pattern = free || all().at(-1);
  const row = pattern.cloneNode(true);
  for (const input of row.querySelectorAll('input')) {
    input.removeAttribute('id');
    if (input.name === 'remove') input.closest('label').remove();
    else input.value = '';
  }
  pattern.before(row);
  return row;
}

function add(area) {
  if (area[2] < 0.006 || area[3] < 0.006) return;
  const row = freeRow();
  sides.forEach((name, i) => { row.querySelector(`[name=${name}]`).value = (area[i] * 100).toFixed(2); });
  row.querySelector('legend').textContent = form.dataset.area.replace('{n}', used().length);
}

canvas.addEventListener('pointerdown', (event) => {
  if (event.button) return;
  canvas.setPointerCapture(event.pointerId);
  from = place(event);
  to = null;
});
canvas.addEventListener('pointermove', (event) => {
  if (!from) return;
  to = place(event);
  draw();
});
const end = (event) => {
  if (from && to && event.type === 'pointerup') add(between(from, to));
  from = null;
  to = null;
  draw();
};
canvas.addEventListener('pointerup', end);
canvas.addEventListener('pointercancel', end);
undo.addEventListener('click', () => {
  const last = used().at(-1);
  if (last) for (const name of sides) last.querySelector(`[name=${name}]`).value = '';
  draw();
});
form.addEventListener('input', draw);
form.addEventListener('change', draw);
addEventListener('resize', draw);

// Ticked boxes of an earlier try stay in the form, so the grid is only taken away while none is ticked.
const grid = form.querySelector('[data-grid]');
if (!grid.querySelector(':checked')) {
  grid.hidden = true;
  canvas.setAttribute('aria-hidden', 'true');
  stage.append(canvas);
  form.querySelector('[data-grid-hint]').hidden = true;
  form.querySelector('[data-draw-hint]').hidden = false;
}
draw();
