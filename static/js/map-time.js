// Months on a slider, over bars of how many cases came in each.
const PAUSE = 200;

export default class Months {
  constructor(box, config, choose) {
    Object.assign(this, { box, config, choose });
  }

  async show(query) {
    const asked = new URLSearchParams(query);
    const [from, to] = [asked.get("from"), asked.get("to")];
    asked.delete("from");
    asked.delete("to");
    if (String(asked) !== this.asked) {
      const answer = await fetch(`/map/months.json${String(asked) ? "?" + asked : ""}`);
      if (!answer.ok) throw new Error(answer.status);
      this.months = (await answer.json()).months;
      this.asked = String(asked);
      this.draw();
    }
    const place = from && to ? this.months.findIndex(([month]) => month === from.slice(0, 7) && from.endsWith("-01") && to === lastDay(month)) : -1;
    this.at(place);
  }

  draw() {
    const { months, box, config } = this;
    if (!months.length) {
      box.textContent = config.words.noCases;
      this.input = null;
      return;
    }
    const most = Math.max(...months.map(([, n]) => n), 1);
    const wide = 100 / months.length;
    const bars = months.map(([, n], i) => `<rect x="${i * wide + wide * 0.1}" width="${wide * 0.8}" y="${40 - (38 * n) / most}" height="${(38 * n) / most}"/>`);
    box.innerHTML = `<p class="time-head"><output></output><button class="btn btn-quiet" type="button"></button></p>
<svg class="time-bars" viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true">${bars.join("")}</svg><input class="time-range" type="range" min="0" max="${months.length - 1}" step="1">`;
    this.input = box.querySelector("input");
    this.button = box.querySelector("button");
    this.button.textContent = config.words.allMonths;
    this.button.addEventListener("click", () => {
      this.at(-1);
      this.choose("", "");
      this.input.focus();
    });
    this.input.addEventListener("input", () => {
      const place = Number(this.input.value);
      this.at(place);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.choose(`${months[place][0]}-01`, lastDay(months[place][0])), PAUSE);
    });
  }

  at(place) {
    if (!this.input) return;
    const known = place >= 0;
    const words = known ? this.words(place) : this.config.words.allMonths;
    this.input.value = known ? place : this.months.length - 1;
    this.input.setAttribute("aria-valuetext", words);
    this.input.setAttribute("aria-label", words);
    this.box.querySelector("output").textContent = words;
    this.button.hidden = !known;
    this.box.querySelectorAll("rect").forEach((bar, i) => bar.classList.toggle("is-on", i === place));
  }

  words(place) {
    const [month, n] = this.months[place];
    return this.config.words.month.replace("{month}", month.split("-").reverse().join("/")).replace("{count}", n.toLocaleString("vi"));
  }
}

function lastDay(month) {
  const [year, number] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10);
}
