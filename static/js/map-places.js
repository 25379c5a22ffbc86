// Places while one types, by their name of today or of before. Without it the form is sent, and the page lists them.
const SHORTEST = 2, PAUSE = 220;

export function listen(form, config, addressOf) {
  const input = form.elements.q;
  const box = form.querySelector("[data-found]");
  const says = form.querySelector("[data-found-says]");
  let timer, stop, last = "";

  async function ask() {
    const typed = input.value.trim();
    if (typed === last) return null;
    last = typed;
    stop?.abort();
    if (typed.length < SHORTEST) {
      box.replaceChildren();
      return null;
    }
    stop = new AbortController();
    const answer = await fetch(`/map/places.json?q=${encodeURIComponent(typed)}`, { signal: stop.signal });
    if (!answer.ok) throw new Error(answer.status);
    const { places } = await answer.json();
    draw(places);
    return places;
  }

  function draw(places) {
    if (!places.length) {
      const none = document.createElement("p");
      none.className = "muted";
      none.textContent = config.words.noPlace;
      box.replaceChildren(none);
      says.textContent = config.words.noPlace;
      return;
    }
    const list = document.createElement("ul");
    list.className = "places";
    for (const place of places) {
      const link = document.createElement("a");
      link.href = addressOf(place);
      link.append(word("b", place.name));
      if (place.within) link.append(" ", word("span", place.within));
      if (place.formerly) link.append(" ", word("small", config.words.formerly.replace("{name}", place.formerly)));
      const item = document.createElement("li");
      item.append(link);
      list.append(item);
    }
    box.replaceChildren(list);
    says.textContent = config.words.choices.replace("{count}", places.length);
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => ask().catch(() => {}), PAUSE);
  });
  if (input.value) ask().catch(() => {}); // typed before this module had come
  form.addEventListener("keydown", (event) => {
    const links = [...box.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "ArrowDown" && links[at + 1]) links[at + 1].focus();
    else if (event.key === "ArrowUp" && at >= 0) (links[at - 1] || input).focus();
    else if (event.key === "Escape" && box.firstChild) {
      box.replaceChildren();
      last = "";
      input.focus();
    } else return;
    event.preventDefault();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(timer);
    last = "";
    try {
      const places = await ask();
      if (places?.length === 1) location.assign(addressOf(places[0]));
      else box.querySelector("a")?.focus();
    } catch {
      form.submit();
    }
  });
}

function word(tag, text) {
  return Object.assign(document.createElement(tag), { textContent: text });
}
