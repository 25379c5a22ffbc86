// A reply template goes into its field at once; without a script a button sends the form and the page comes back filled.
const FIELDS = { assign: 'assign_note' };

for (const choice of document.querySelectorAll('select[data-reply]')) {
  const form = choice.form;
  const name = FIELDS[choice.dataset.reply] ?? `${choice.dataset.reply}_reason`;
  form.querySelector('button[name=insert]')?.addEventListener('click', (event) => {
    const field = form.elements[name];
    const words = choice.selectedOptions[0]?.dataset.words;
    if (!field) return;
    event.preventDefault();
    if (!words) return;
    field.value = [field.value.trimEnd(), words].filter(Boolean).join('\n');
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.focus();
  });
}
