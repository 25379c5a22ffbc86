// A picture of the map as it stands: title, filters, day, signs, legend, source, in light colours. It is made on the
// device, as SVG: to print as it is, to save as PNG. Tiles of others are left out, they are not ours to copy.
const SVG = "http://www.w3.org/2000/svg";
const EDGE = 16, LINE = 22, SCALE = 2, WIDEST = 4096;
const PAINT = ["fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray", "stroke-linejoin"];

export async function save(scene) {
  const drawing = await draw(scene);
  const blob = await rasterised(drawing);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `ban-do-${scene.config.today}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export async function print(scene) {
  scene.paper.replaceChildren(await draw(scene));
  document.body.classList.add("prints-map");
  addEventListener("afterprint", () => {
    scene.paper.replaceChildren();
    document.body.classList.remove("prints-map");
  }, { once: true });
  window.print();
}

export async function draw(scene) {
  const sprite = await (await fetch(scene.config.sprite)).text();
  const root = document.documentElement, theme = root.dataset.theme;
  root.dataset.theme = "light"; // paper is white, whatever the screen
  try {
    return compose(scene, new DOMParser().parseFromString(sprite, "image/svg+xml"));
  } finally {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
  }
}

function compose(scene, sprite) {
  const { map, config, kind, filters } = scene;
  const size = map.getSize();
  const face = getComputedStyle(document.body).fontFamily;
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const pen = document.createElement("canvas").getContext("2d");
  const wide = size.x - 2 * EDGE;
  const place = document.querySelector(".map-place")?.textContent;
  const heads = folded(pen, [config.words.title, place].filter(Boolean).join(": "), `bold 20px ${face}`, wide);
  const notes = folded(pen, [kind, ...filters, config.words.made].join(" · "), `14px ${face}`, wide);
  const keys = legend(scene, colour);
  const rows = flow(pen, keys, `14px ${face}`, wide);
  const top = EDGE + heads.length * 26 + notes.length * LINE + 6;
  const foot = rows.length * LINE + 12 + LINE;
  const height = top + size.y + foot + EDGE;
  const svg = node("svg", { xmlns: SVG, viewBox: `0 0 ${size.x} ${height}`, width: size.x, height, "font-family": face, role: "img" });
  svg.append(Object.assign(node("title"), { textContent: config.words.title }));
  const defs = node("defs");
  const clip = node("clipPath", { id: "p-clip" });
  clip.append(node("rect", { width: size.x, height: size.y }));
  const hatch = node("pattern", { id: "p-few", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  hatch.append(node("path", { d: "M0 0v7", stroke: colour("muted"), "stroke-width": 4 }));
  defs.append(clip, hatch, ...shapes(sprite, config, colour));
  svg.append(defs, node("rect", { width: size.x, height, fill: colour("surface") }));
  let y = EDGE + 18;
  for (const line of heads) svg.append(words(line, EDGE, y, { "font-size": 20, "font-weight": 700, fill: colour("ink") })), (y += 26);
  for (const line of notes) svg.append(words(line, EDGE, y - 4, { "font-size": 14, fill: colour("muted") })), (y += LINE);
  const ground = node("g", { transform: `translate(0 ${top})`, "clip-path": "url(#p-clip)" });
  ground.append(node("rect", { width: size.x, height: size.y, fill: getComputedStyle(map.getContainer()).backgroundColor }));
  ground.append(...land(map), ...heat(map), ...names(map, colour), ...signs(scene, colour));
  const inset = locator(scene, colour, size);
  if (inset) ground.append(inset);
  svg.append(ground);
  y = top + size.y + LINE;
  for (const row of rows) {
    for (const { at, key } of row) {
      const mark = key.draw(EDGE + at + 8, y - 5);
      svg.append(mark, words(key.text, EDGE + at + 22, y, { "font-size": 14, fill: colour("ink") }));
    }
    y += LINE;
  }
  svg.append(words(config.words.source, EDGE, y + 6, { "font-size": 12, fill: colour("muted") }));
  return svg;
}

// -- what lies on the map --------------------------------------------------------------------------------------------

function land(map) {
  const drawn = map.getPane("overlayPane").querySelector("svg");
  if (!drawn) return [];
  const shift = map.containerPointToLayerPoint([0, 0]);
  const group = node("g", { transform: `translate(${-shift.x} ${-shift.y})` });
  for (const path of drawn.querySelectorAll("path")) {
    const style = getComputedStyle(path);
    const shape = path.getAttribute("d");
    if (!shape || shape === "M0 0") continue;
    const copy = node("path", { d: shape });
    for (const name of PAINT) copy.setAttribute(name, style.getPropertyValue(name).replace("m-few", "p-few"));
    group.append(copy);
  }
  return [group];
}

function heat(map) {
  const canvas = map.getPane("overlayPane").querySelector("canvas.m-heat");
  if (!canvas || !canvas.width) return [];
  return [node("image", { href: canvas.toDataURL(), width: canvas.width, height: canvas.height })];
}

function names(map, colour) {
  const frame = map.getContainer().getBoundingClientRect();
  return [...map.getPane("markerPane").querySelectorAll(".m-name > span")].flatMap((name) => {
    const box = name.getBoundingClientRect(), style = getComputedStyle(name);
    const x = box.x + box.width / 2 - frame.x, y = box.y + box.height / 2 - frame.y;
    const look = { "text-anchor": "middle", fill: style.color, "font-weight": style.fontWeight, "font-style": style.fontStyle, stroke: colour("surface"), "stroke-width": 2.5, "paint-order": "stroke" };
    const small = name.querySelector("small");
    const size = parseFloat(style.fontSize);
    const own = [words(name.firstChild.textContent, x, y + (small ? -2 : size / 3), { ...look, "font-size": size })];
    if (small) own.push(words(small.textContent, x, y + size - 2, { ...look, "font-size": size - 2 }));
    return own;
  });
}

function signs({ map, cases, config }, colour) {
  return (cases.shown || []).map((item) => {
    const { x, y } = map.latLngToContainerPoint([item.lat, item.lon]);
    return item.id ? pin(x, y, item, config, colour) : cluster(x, y, item, config, colour);
  });
}

function pin(x, y, item, config, colour) {
  const code = item.overdue ? "overdue" : config.statuses[item.status] || "ended";
  const tone = config.signs[code][0];
  const group = node("g", { transform: `translate(${x} ${y - 20})` });
  group.append(
    node("path", { d: "M0 20C-4 13-15 9-15-2a15 15 0 0 1 30 0c0 11-11 15-15 22z", fill: colour(tone), stroke: colour("surface"), "stroke-width": 2 }),
    node("use", { href: `#p-${code}`, x: -10, y: -13, width: 20, height: 20, color: colour(`${tone}-bg`) }),
  );
  return group;
}

function cluster(x, y, item, config, colour) {
  const radius = item.count < 10 ? 22 : item.count < 100 ? 26 : 32;
  const group = node("g", { transform: `translate(${x} ${y})` });
  group.append(node("circle", { r: radius, fill: colour("surface"), stroke: colour("ink"), "stroke-width": 1.5 }));
  let from = 0;
  for (const code of config.order.filter((name) => item.by[name])) {
    const share = (100 * item.by[code]) / item.count;
    group.append(node("circle", { r: radius - 4, fill: "none", stroke: colour(config.signs[code][0]), "stroke-width": 5, pathLength: 100, "stroke-dasharray": `${share} ${100 - share}`, "stroke-dashoffset": -from, transform: "rotate(-90)" }));
    from += share;
  }
  group.append(words(item.count.toLocaleString("vi"), 0, 5, { "text-anchor": "middle", "font-size": 15, "font-weight": 700, fill: colour("ink") }));
  if (item.overdue) {
    const at = radius * 0.72;
    group.append(node("circle", { cx: at, cy: -at, r: 9, fill: colour("bad") }), node("use", { href: "#p-overdue", x: at - 6, y: -at - 6, width: 12, height: 12, color: colour("bad-bg") }));
  }
  return group;
}

// The whole country in a corner, both archipelagos on it, where the map shows only a part without them.
function locator({ map, base, config }, colour, size) {
  const view = map.getBounds();
  if (config.archipelagos.every(({ lat, lon }) => view.contains([lat, lon])) || !base.provinces) return null;
  const [west, north, wide, high] = [102, 23.6, 15.4, 17.2];
  const scale = Math.min(150, size.x * 0.38) / wide;
  const point = (lat, lon) => `${((lon - west) * scale).toFixed(1)} ${((north - lat) * scale).toFixed(1)}`;
  const group = node("g", { transform: `translate(8 ${size.y - high * scale - 8})` });
  group.append(node("rect", { width: wide * scale, height: high * scale, fill: colour("info-bg"), stroke: colour("edge") }));
  const outline = base.provinces.flatMap((area) => area.rings).map((ring) => `M${ring.map(([lat, lon]) => point(lat, lon)).join("L")}Z`).join("");
  group.append(node("path", { d: outline, fill: colour("surface"), stroke: colour("edge"), "stroke-width": 0.5 }));
  for (const place of config.archipelagos) {
    for (const [lon, lat] of place.islands) group.append(node("circle", { cx: (lon - west) * scale, cy: (north - lat) * scale, r: 1, fill: colour("edge") }));
    const [x, y] = point(place.lat, place.lon).split(" ").map(Number);
    const short = place.name.replace("Quần đảo ", "");
    group.append(words("QĐ", x, y - 8, { "text-anchor": "middle", "font-size": 8.5, "font-weight": 600, fill: colour("brand") }));
    group.append(words(short, x, y + 1, { "text-anchor": "middle", "font-size": 8.5, "font-weight": 600, fill: colour("brand") }));
    group.append(words("(Việt Nam)", x, y + 10, { "text-anchor": "middle", "font-size": 7.5, fill: colour("brand") }));
  }
  const [x, y] = point(view.getNorth(), view.getWest()).split(" ").map(Number);
  const side = Math.max(4, (view.getEast() - view.getWest()) * scale), tall = Math.max(4, (view.getNorth() - view.getSouth()) * scale);
  group.append(node("rect", { x, y, width: side, height: tall, fill: "none", stroke: colour("bad"), "stroke-width": 2 }));
  return group;
}

// -- legend and words ------------------------------------------------------------------------------------------------

function legend({ config, figures }, colour) {
  const shaded = [...figures.querySelectorAll(".shade-key li")];
  if (shaded.length)
    return shaded.map((item) => {
      const style = getComputedStyle(item.querySelector(".m-swatch"));
      const few = item.querySelector(".is-few");
      return { text: item.textContent, draw: (x, y) => node("rect", { x: x - 8, y: y - 8, width: 16, height: 16, fill: few ? "url(#p-few)" : style.backgroundColor, stroke: colour("edge") }) };
    });
  if (figures.querySelector(".heat-ramp"))
    return [["#4b4aa8", config.words.least], ["#d1495b", ""], ["#f2a541", config.words.most]].map(([fill, text]) => ({ text, draw: (x, y) => node("rect", { x: x - 8, y: y - 8, width: 16, height: 16, fill }) }));
  return config.order.map((code) => ({
    text: config.words[code],
    draw: (x, y) => {
      const tone = config.signs[code][0];
      const group = node("g");
      group.append(node("circle", { cx: x, cy: y, r: 9, fill: colour(tone) }), node("use", { href: `#p-${code}`, x: x - 6, y: y - 6, width: 12, height: 12, color: colour(`${tone}-bg`) }));
      return group;
    },
  }));
}

function shapes(sprite, config, colour) {
  return config.order.map((code) => {
    const [tone, shape] = config.signs[code];
    const symbol = document.importNode(sprite.getElementById(shape), true);
    symbol.id = `p-${code}`;
    for (const cut of symbol.querySelectorAll("[stroke^=var]")) cut.setAttribute("stroke", colour(tone));
    return symbol;
  });
}

function flow(pen, keys, font, wide) {
  pen.font = font;
  const rows = [[]];
  let at = 0;
  for (const key of keys) {
    const need = 40 + pen.measureText(key.text).width;
    if (at && at + need > wide) {
      rows.push([]);
      at = 0;
    }
    rows.at(-1).push({ at, key });
    at += need;
  }
  return rows;
}

function folded(pen, text, font, wide) {
  pen.font = font;
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (!lines.at(-1) || pen.measureText(longer).width <= wide) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function node(name, attributes = {}) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function words(text, x, y, attributes) {
  return Object.assign(node("text", { x, y, ...attributes }), { textContent: text });
}

async function rasterised(drawing) {
  const text = new XMLSerializer().serializeToString(drawing);
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  await image.decode();
  const wide = Number(drawing.getAttribute("width")), high = Number(drawing.getAttribute("height"));
  const scale = Math.min(SCALE, WIDEST / Math.max(wide, high));
  const canvas = Object.assign(document.createElement("canvas"), { width: wide * scale, height: high * scale });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(image.src);
  return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("no picture"))), "image/png"));
}
