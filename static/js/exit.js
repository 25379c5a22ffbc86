// Leaving quickly: the page is replaced, so that "back" does not return to it. Twice Esc does the same.
const link = document.querySelector("[data-exit]");
let last = 0;
const leave = (event) => { event.preventDefault(); document.body.hidden = true; location.replace(link.href); };
link?.addEventListener("click", leave);
addEventListener("keydown", (event) => {
  if (!link || event.key !== "Escape") return;
  if (event.timeStamp - last < 1000) leave(event);
  last = event.timeStamp;
});
