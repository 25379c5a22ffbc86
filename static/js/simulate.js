// The simulator's map: moving it under the cross fills in the position. The fields work without it.
const box = document.getElementById("pick");
const button = document.querySelector("[data-pick]");
const field = (name) => document.getElementById(`field-${name}`);

if (box && button) {
  document.querySelector("[data-map-offer]").hidden = false;
  let map = null;
  button.addEventListener("click", async () => {
    box.hidden = !box.hidden;
    button.setAttribute("aria-expanded", String(!box.hidden));
    if (box.hidden || map) return;
    const here = field("lat").value && field("lon").value ? [Number(field("lat").value), Number(field("lon").value)] : null;
    try {
      const { openPicker } = await import(box.dataset.mapModule);
      map = await openPicker(box, here && here.every(Number.isFinite) ? here : null, (lat, lon) => {
        field("lat").value = lat.toFixed(6);
        field("lon").value = lon.toFixed(6);
      });
    } catch { // no map without the network; typing works
      box.hidden = true;
      button.setAttribute("aria-expanded", "false");
    }
  });
}
