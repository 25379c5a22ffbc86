// The report form, made easier: position by one tap, communes as one types, no second send by accident.
const form = document.querySelector("[data-report]");
const field = (name) => form.elements.namedItem(name);

function setPosition(lat, lon, accuracy, source) {
  field("lat").value = lat.toFixed(6);
  field("lon").value = lon.toFixed(6);
  field("accuracy").value = accuracy ? Math.round(accuracy) : "";
  field("place_source").value = source;
}

function locating(box) {
  const status = box.querySelector("[data-place-status]");
  const button = box.querySelector("[data-locate]");
  box.hidden = false;
  if (!navigator.geolocation) {
    button.hidden = true;
    return;
  }
  button.addEventListener("click", () => {
    status.textContent = status.dataset.waiting;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setPosition(coords.latitude, coords.longitude, coords.accuracy, "device");
        status.textContent = status.dataset.found.replace("{m}", Math.round(coords.accuracy));
        form.dispatchEvent(new CustomEvent("position"));
      },
      () => { status.textContent = status.dataset.denied; },
      { enableHighAccuracy: true, timeout: 20000, maximumAge: 60000 },
    );
  });
}

function picking(box) {
  const pick = box.querySelector("#pick");
  const button = box.querySelector("[data-pick]");
  const status = box.querySelector("[data-place-status]");
  let map = null;
  button.addEventListener("click", async () => {
    pick.hidden = !pick.hidden;
    button.setAttribute("aria-expanded", String(!pick.hidden));
    if (pick.hidden || map) return;
    const { openPicker } = await import(pick.dataset.mapModule);
    const start = field("lat").value ? [Number(field("lat").value), Number(field("lon").value)] : null;
    map = await openPicker(pick, start, (lat, lon) => {
      setPosition(lat, lon, null, "map");
      status.textContent = status.dataset.chosen;
    });
    form.addEventListener("position", () => {
      map.setView([Number(field("lat").value), Number(field("lon").value)], 16);
    });
  });
}

function communes() {
  const list = document.getElementById("communes");
  const province = field("province");
  const load = async () => {
    list.replaceChildren();
    if (!province.value) return;
    const answer = await fetch(`/report/communes/${encodeURIComponent(province.value)}.json`);
    if (!answer.ok) return;
    for (const [, name] of await answer.json()) {
      list.append(new Option(name, name));
    }
  };
  province.addEventListener("change", load);
  load();
}

const box = form.querySelector("[data-place]");
locating(box);
picking(box);
communes();

// Typed coordinates are a place on the map, whatever was measured before.
for (const name of ["lat", "lon"]) {
  field(name).addEventListener("input", () => {
    field("place_source").value = "map";
    field("accuracy").value = "";
  });
}

form.addEventListener("submit", () => {
  const button = form.querySelector("button:not([type=button])");
  setTimeout(() => { button.disabled = true; }, 0);
});
// Back from the next page: the form may be sent again.
window.addEventListener("pageshow", () => {
  for (const button of form.querySelectorAll("button[disabled]")) button.disabled = false;
});
