// Where cases lie dense: drawn from the same tiles as the signs, on a canvas of our own.
/* global L */

const REACH = 26; // pixels around a case
const STRONG = 0.9, WEAK = 0.22; // ink of the largest and the smallest heap
const COLOURS = [[0, "#3b3a8c00"], [0.15, "#4b4aa8b0"], [0.4, "#8c4a9ed0"], [0.65, "#d1495bdd"], [0.85, "#f2a541e8"], [1, "#fff3b0f0"]];

export default class Heat {
  constructor({ map, cases, config }, figures) {
    Object.assign(this, { map, cases, config, figures, canvas: document.createElement("canvas") });
    this.canvas.className = "m-heat";
    this.canvas.setAttribute("aria-hidden", "true");
    this.draw = this.draw.bind(this);
    this.away = () => { this.canvas.hidden = true; };
    this.ramp = ramp();
  }

  show() {
    const { map, cases, config } = this;
    map.getPanes().overlayPane.append(this.canvas);
    cases.watch(this.draw);
    map.on("moveend resize", this.draw).on("zoomstart", this.away);
    const scale = document.createElement("p");
    scale.className = "heat-scale";
    scale.append(config.words.least, Object.assign(document.createElement("span"), { className: "heat-ramp" }), config.words.most);
    this.figures.replaceChildren(scale);
    this.draw();
  }

  hide() {
    this.canvas.remove();
    this.cases.watch(null);
    this.map.off("moveend resize", this.draw).off("zoomstart", this.away);
    this.figures.replaceChildren();
  }

  draw() {
    const { map, canvas } = this;
    const size = map.getSize();
    L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint([0, 0]));
    Object.assign(canvas, { width: size.x, height: size.y, hidden: false });
    const items = this.cases.items || [];
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    const most = Math.log1p(items.reduce((n, item) => Math.max(n, item.count), 1));
    for (const item of items) {
      const { x, y } = map.latLngToContainerPoint([item.lat, item.lon]);
      if (x < -REACH || y < -REACH || x > size.x + REACH || y > size.y + REACH) continue;
      const reach = REACH * (1 + Math.log1p(item.count) / most / 2);
      const ink = pen.createRadialGradient(x, y, 0, x, y, reach);
      ink.addColorStop(0, `rgb(0 0 0 / ${WEAK + ((STRONG - WEAK) * Math.log1p(item.count)) / most})`);
      ink.addColorStop(1, "rgb(0 0 0 / 0)");
      pen.fillStyle = ink;
      pen.fillRect(x - reach, y - reach, 2 * reach, 2 * reach);
    }
    if (!size.x || !size.y) return;
    const picture = pen.getImageData(0, 0, size.x, size.y);
    const dots = picture.data;
    for (let i = 3; i < dots.length; i += 4) {
      if (!dots[i]) continue;
      const at = dots[i] * 4;
      for (let k = 0; k < 4; k++) dots[i - 3 + k] = this.ramp[at + k];
    }
    pen.putImageData(picture, 0, 0);
  }
}

function ramp() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 256, height: 1 });
  const pen = canvas.getContext("2d");
  const colours = pen.createLinearGradient(0, 0, 256, 0);
  for (const [at, colour] of COLOURS) colours.addColorStop(at, colour);
  pen.fillStyle = colours;
  pen.fillRect(0, 0, 256, 1);
  return pen.getImageData(0, 0, 256, 1).data;
}
