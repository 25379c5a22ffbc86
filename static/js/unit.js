// On every page of the unit: hand in inspections that wait on this phone, and forget all of them at sign-out.
const box = document.querySelector("[data-waiting-sheets]");
const leave = document.querySelector("form[action='/auth/logout']");

if (box && "indexedDB" in window) {
  const sheets = await import(box.dataset.sheets);
  const draw = async (drafts = false) => {
    const waiting = (await sheets.list()).filter((one) => drafts || one.state !== "draft");
    box.hidden = !waiting.length;
    box.querySelector("[data-list]").replaceChildren(...waiting.map((one) => {
      const item = document.createElement("li");
      item.append(Object.assign(document.createElement("a"), { href: one.action, textContent: one.number }), ` ${box.dataset[one.state] ?? ""}`);
      return item;
    }));
    return waiting.length;
  };
  const send = async () => {
    if (await draw()) {
      await sheets.flush();
      await draw();
    }
  };
  window.addEventListener("online", send);
  leave?.addEventListener("submit", async (event) => {
    if (leave.dataset.wiped) return;
    event.preventDefault();
    // What has not arrived yet would be lost: that needs a second press.
    if ((await sheets.list()).length && !leave.dataset.warned) {
      leave.dataset.warned = "1";
      await draw(true);
      box.querySelector("[data-sign-out]").hidden = false;
      box.scrollIntoView({ block: "center" });
      return;
    }
    await sheets.forgetAll();
    leave.dataset.wiped = "1";
    leave.submit();
  });
  await send();
}
