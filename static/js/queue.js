// The list of what waits on this phone: waiting, sending, sent with its code, not taken with the reason.

/** Show the list in `box` and keep it in step. `empty` is shown while there is nothing. */
export async function show(box, outbox, empty = null) {
  const item = box.querySelector("template").content;
  const list = box.querySelector("ul");
  let drawn = "";
  const draw = async () => {
    const entries = await outbox.list();
    const now = JSON.stringify(entries);
    if (now === drawn) return; // a button that is about to be pressed stays where it is
    drawn = now;
    box.hidden = !entries.length;
    if (empty) empty.hidden = Boolean(entries.length);
    box.querySelector("[data-queue-hint]").hidden = !entries.some((e) => e.state === "waiting");
    list.replaceChildren(...entries.reverse().map((entry) => row(entry, item, box, outbox)));
  };
  outbox.onChange(draw);
  await draw();
}

function row(entry, item, box, outbox) {
  const node = item.cloneNode(true);
  const part = (name) => node.querySelector(`[data-${name}]`);
  const act = (name) => node.querySelector(`[data-act=${name}]`);
  node.firstElementChild.dataset.is = entry.state;
  part("state").textContent = box.dataset[entry.state];
  part("when").textContent = new Date(entry.sent ?? entry.made).toLocaleString(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" });
  part("title").textContent = entry.title;
  if (entry.photos.length) part("count").textContent = box.dataset.photos.replace("{n}", entry.photos.length);
  const failed = entry.state === "failed";
  part("reason").hidden = !failed;
  if (failed) part("reason").textContent = Object.values(entry.errors).join(" ") || box.dataset.refused;
  if (entry.state === "sent") {
    const link = part("code").querySelector("a");
    part("code").hidden = false;
    link.href = `/r/${entry.code}`;
    link.textContent = entry.code.replace(/(\d{4})(?=\d)/g, "$1 ");
  }
  act("send").hidden = entry.state === "sent" || entry.state === "sending";
  act("send").addEventListener("click", async () => {
    await outbox.retry(entry.id);
    await outbox.flush();
  });
  act("edit").hidden = !(failed || entry.state === "waiting");
  act("edit").addEventListener("click", () => {
    location.assign(`/report#edit=${entry.id}`);
    if (location.pathname.startsWith("/report") && document.querySelector("[data-report]")) location.reload();
  });
  const remove = act("remove");
  remove.hidden = entry.state === "sending";
  remove.addEventListener("click", () => {
    if (remove.dataset.armed) outbox.remove(entry.id);
    remove.dataset.armed = "1";
    remove.querySelector("[data-label]").textContent = remove.dataset.sure;
  });
  return node;
}

const page = document.querySelector("[data-queue-page]");
if (page) {
  const outbox = await import(page.dataset.outbox);
  await show(document.querySelector("[data-queue]"), outbox, document.querySelector("[data-queue-empty]"));
  const send = () => { if (document.visibilityState === "visible") outbox.flush(); };
  window.addEventListener("online", send);
  document.addEventListener("visibilitychange", send);
  setInterval(send, 30_000);
  send();
}
