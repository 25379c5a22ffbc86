// Entering for others: communes of the chosen province, saving from any field, printing the slip.
const form = document.querySelector("[data-entry]");
const print = document.querySelector("[data-print]");

if (print) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
}

if (form) {
  const province = form.elements.namedItem("province");
  const list = document.getElementById("communes");
  province.addEventListener("change", async () => {
    list.replaceChildren();
    if (!province.value) return;
    const answer = await fetch(`/report/communes/${encodeURIComponent(province.value)}.json`);
    if (!answer.ok) return;
    for (const [, name] of await answer.json()) list.append(new Option(name, name));
  });
  // In the text area Enter is a new line; with Ctrl it saves there too.
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}
