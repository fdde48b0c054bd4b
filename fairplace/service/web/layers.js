// Which layer and which areas; the key, the caveat and the table follow; places and lines on top.
import { askJson, run, showError } from "./ask.js";
import { areasNow, layerNow, layersNow, map, onDrawn, overlay, repaint } from "./map.js";
import { button, data, find, make, say, table, words } from "./page.js";
import { choose, onChange, state } from "./state.js";

const SVG = "http://www.w3.org/2000/svg";
const COLOURS = ["#7b2d8b", "#00703c", "#b0123b", "#1d4f91", "#7a4b00", "#005a5e"];

/** Begin: fill the choices and follow the map. */
export function start() {
  const areas = find("areas");
  for (const one of data.geographies.filter((each) => data.drawn.includes(each.id))) {
    areas.append(new Option(capital(one.label), one.id));
  }
  areas.value = state.areas;
  areas.addEventListener("change", () => choose({ areas: areas.value }));
  const layer = find("layer");
  layer.addEventListener("change", () => choose({ layer: layer.value }));
  find("contrast").addEventListener("click", () => {
    const on = document.body.classList.toggle("contrast");
    find("contrast").setAttribute("aria-pressed", String(on));
    repaint();
  });
  onDrawn(() => {
    areas.value = state.areas;
    layer.replaceChildren(...layersNow().map((one) => new Option(one.label, one.id)));
    const now = layerNow();
    layer.value = now?.id || "";
    legend(now);
    lead(now);
    if (find("twin").open) twin(now);
  });
  find("twin").addEventListener("toggle", () => { if (find("twin").open) twin(layerNow()); });
  overlays();
}

const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

/** @param {any} now */
function legend(now) {
  const holder = find("legend");
  if (!now) return holder.replaceChildren(make("p", { text: words("no_layer") }));
  const list = make("ul", {}, now.classes.map((one) => make("li", {}, [
    swatch(one), make("span", { text: one.label }),
    make("span", { class: "count", text: one.count === 1 ? words("count_one") : words("count_many", { count: one.count }) }),
  ])));
  holder.replaceChildren(...[
    make("h3", { text: now.title }), list,
    now.note ? make("p", { class: "hint", text: now.note }) : null,
    make("p", { class: "hint", text: [now.source, now.period].filter(Boolean).join(", ") }),
  ].filter(Boolean));
  say(now.title);
}

/** @param {any} one */
function swatch(one) {
  const make_ = (tag, traits) => {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(traits)) made.setAttribute(name, String(value));
    return made;
  };
  const picture = make_("svg", { width: 32, height: 20, viewBox: "0 0 32 20", "aria-hidden": "true" });
  const id = "s-" + (swatches += 1);
  if (one.pattern) {
    const [path, width] = data.tiles[one.pattern];
    const pattern = make_("pattern", { id, width: 8, height: 8, patternUnits: "userSpaceOnUse" });
    pattern.append(make_("rect", { width: 8, height: 8, fill: one.colour }),
      make_("path", { d: path, stroke: one.ink, "stroke-width": width, "stroke-linecap": "round", fill: "none" }));
    picture.append(pattern);
  }
  picture.append(make_("rect", { x: 1, y: 1, width: 30, height: 18, fill: one.pattern ? "url(#" + id + ")" : one.colour, stroke: "#1a1a1a" }));
  return picture;
}
let swatches = 0;

/** The caveat is never out of sight: the layer's own, and the one for what the panel shows. */
function lead(now) {
  const own = now?.caveat && !words("modelled_lead").includes(now.caveat) && !now.id.startsWith("mis") ? now.caveat + " " : "";
  find("lead").textContent = own + words("modelled_lead");
}

/** @param {any} now */
function twin(now) {
  if (!now) return find("table").replaceChildren(make("p", { text: words("no_layer") }));
  const order = [...areasNow()].sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  const rows = order.map((one) => {
    const [, value = "", range = "", base = "", kind = ""] = now.areas[one.code] || [];
    const name = button(one.name, () => { choose({ task: "place", place: one.code }); find("panel-title").focus(); });
    return [name, one.code, value, range, base, kind];
  });
  const label = data.geographies.find((one) => one.id === state.areas)?.label || state.areas;
  const range = now.interval ? words("range") + " (" + now.interval + ")" : words("range");
  find("table").replaceChildren(table(words("table_caption", { label: now.title, areas: label }),
    [words("area"), words("code"), words("figure"), range, words("base"), words("class")], rows));
}

/** Points and lines of the pack, fetched when first switched on. */
function overlays() {
  const list = find("overlay-list");
  const tick = (id, title, colour) => {
    const box = make("input", { type: "checkbox" });
    box.checked = state.on.includes(id);
    box.dataset.overlay = id;
    box.addEventListener("change", () => choose({ on: box.checked ? [...state.on, id] : state.on.filter((one) => one !== id) }));
    const label = make("label", { class: "tick" }, [box, colour ? dot(colour) : null, make("span", { text: title })]);
    const rows = colour ? make("a", { href: "/collections/" + encodeURIComponent(id) + "/items?f=html&limit=1000", text: words("as_table"), "aria-label": words("as_table") + ": " + title }) : null;
    list.append(make("div", { class: "row" }, [label, rows]));
  };
  find("overlays").addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !find("overlays").open) return;
    find("overlays").open = false;
    find("overlays").querySelector("summary").focus();
  });
  tick("background", words("background"), "");
  data.overlays.forEach((one, at) => tick(one.id, one.title, COLOURS[at % COLOURS.length]));
  const holder = make("div");
  list.append(holder);
  /** @type {Map<string, any>} */
  const made = new Map();
  const follow = () => {
    for (const box of list.querySelectorAll("input")) box.checked = state.on.includes(box.dataset.overlay);
    data.overlays.forEach((one, at) => {
      const on = state.on.includes(one.id);
      if (!on) return made.get(one.id)?.remove();
      if (made.has(one.id)) return made.get(one.id).addTo(map);
      return run(holder, words("working_overlay", { name: one.title }), async (signal) => {
        const got = await askJson("/collections/" + encodeURIComponent(one.id) + "/items?f=json&limit=10000", { signal });
        made.set(one.id, overlay(got, { colour: COLOURS[at % COLOURS.length] }));
        if (got.numberMatched > got.features.length) {
          list.append(make("p", { class: "hint", text: words("overlay_cut", { name: one.title, shown: got.features.length, count: got.numberMatched }) }));
        }
        if (state.on.includes(one.id)) made.get(one.id).addTo(map);
      }).catch((error) => showError(holder, error));
    });
  };
  follow();
  onChange((changed) => { if (changed.has("on")) follow(); });
}

/** @param {string} colour */
function dot(colour) {
  const picture = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ width: 18, height: 18, viewBox: "0 0 18 18", "aria-hidden": "true" })) picture.setAttribute(name, String(value));
  const circle = document.createElementNS(SVG, "circle");
  for (const [name, value] of Object.entries({ cx: 9, cy: 12, r: 6, fill: colour, stroke: "#111" })) circle.setAttribute(name, String(value));
  picture.append(circle);
  return picture;
}
