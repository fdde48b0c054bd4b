// A plan on top of the map: what the pack holds, and files that stay in this browser until a review is asked for.
import { showError, Problem } from "./ask.js";
import { begin, watch } from "./jobs.js";
import { fit, map, overlay } from "./map.js";
import { button, data, field, find, make, say, words } from "./page.js";
import { choose, onChange, state } from "./state.js";

const MOST = 20;
const COLOURS = { sites: "#b0123b", layer: "#1d4f91" };
const L = /** @type {any} */ (window).L;
/** @typedef {{name: string, kind: "sites" | "layer", shapes: any, drawn: any}} Own */
/** @type {Own[]} */
let own = [];
/** @type {Record<string, any>} */
let parts = {};

/** @param {HTMLElement} task */
export function show(task) {
  parts = { trouble: make("div"), list: make("div"), review: make("div"), job: make("div", { id: "review-job" }), boxes: make("div") };
  task.replaceChildren(
    make("p", { text: words("plans_intro") }),
    make("h3", { text: words("plans_own") }),
    field(words("plans_sites"), picker("sites"), words("plans_sites_hint")),
    field(words("plans_layers"), picker("layer"), words("plans_layers_hint")),
    parts.trouble, parts.list, parts.review, parts.job,
    make("h3", { text: words("plans_held") }), parts.boxes,
  );
  const held = data.overlays.filter((one) => one.kind === "areas" || one.kind === "lines");
  parts.boxes.replaceChildren(...(held.length ? held.map((one) => {
    const box = make("input", { type: "checkbox", "data-plan": one.id });
    box.checked = state.on.includes(one.id);
    box.addEventListener("change", () => choose({ on: box.checked ? [...state.on, one.id] : state.on.filter((each) => each !== one.id) }));
    return make("label", { class: "tick" }, [box, make("span", { text: one.title })]);
  }) : [make("p", { text: words("plans_held_none") })]));
  present();
  watch(parts.job, "review");
}
onChange((changed) => {
  if (changed.has("on")) for (const box of parts.boxes?.querySelectorAll("[data-plan]") || []) box.checked = state.on.includes(box.dataset.plan);
});

/** @param {"sites" | "layer"} kind */
function picker(kind) {
  const file = make("input", { type: "file", accept: ".geojson,.json,application/geo+json,application/json", multiple: kind === "layer" });
  file.addEventListener("change", async () => {
    parts.trouble.replaceChildren();
    for (const one of file.files) await open(one, kind);
    file.value = "";
  });
  return file;
}

/** @param {File} file @param {"sites" | "layer"} kind */
async function open(file, kind) {
  const bad = (why) => new Problem(400, words("plans_bad", { name: file.name, why }));
  try {
    if (file.size > MOST * 1e6) throw bad(words("plans_large", { most: MOST }));
    let given;
    try { given = JSON.parse(await file.text()); } catch { throw bad(words("plans_not_json")); }
    const shapes = given?.type === "FeatureCollection" ? given.features : given?.type === "Feature" ? [given] : given?.coordinates ? [{ type: "Feature", properties: {}, geometry: given }] : [];
    const found = (Array.isArray(shapes) ? shapes : []).filter((one) => one?.geometry?.coordinates);
    if (!found.length) throw bad(words("plans_no_shapes"));
    const all = { type: "FeatureCollection", features: found };
    const drawn = overlay(all, { colour: COLOURS[kind], dash: kind === "layer" ? "8 5" : undefined });
    const bounds = drawn.getBounds();
    if (!bounds.isValid() || Math.abs(bounds.getNorth()) > 90 || Math.abs(bounds.getEast()) > 180 || Math.abs(bounds.getSouth()) > 90) throw bad(words("plans_metres"));
    const before = own.filter((one) => one.name === file.name || (kind === "sites" && one.kind === "sites"));
    for (const one of before) one.drawn.remove();
    own = [...own.filter((one) => !before.includes(one)), { name: file.name, kind, shapes: all, drawn }];
    drawn.addTo(map);
    fit(bounds);
    present();
    say(words("plans_drawn", { name: file.name, count: found.length }));
  } catch (error) { showError(parts.trouble, error instanceof Problem ? error : bad(String(error instanceof Error ? error.message : error))); }
}

const titled = (one, at) => String(one.properties?.name || one.properties?.reference || one.id || words("plans_shape", { n: at + 1 }));

function present() {
  if (!parts.list) return;
  parts.list.replaceChildren(...own.map((file) => make("fieldset", {}, [
    make("legend", { text: words(file.kind === "sites" ? "plans_sites_of" : "plans_layer_of", { name: file.name }) }),
    make("p", { text: words("plans_drawn", { name: file.name, count: file.shapes.features.length }) }),
    make("details", {}, [make("summary", { text: words("plans_list") }), make("ul", { class: "links" }, file.shapes.features.slice(0, 200).map((one, at) => make("li", {}, [
      button(titled(one, at), () => { fit(L.geoJSON(one).getBounds()); say(titled(one, at)); }),
    ])))]),
    button(words("plans_remove"), () => { file.drawn.remove(); own = own.filter((one) => one !== file); present(); say(words("plans_removed", { name: file.name })); find("panel-title").focus(); }, { "aria-label": words("plans_remove") + ": " + file.name }),
  ])));
  const sites = own.find((one) => one.kind === "sites"), layers = own.filter((one) => one.kind === "layer");
  if (!data.has.review) { parts.review.replaceChildren(sites ? make("p", { class: "hint", text: words("review_absent") }) : ""); return; }
  parts.review.replaceChildren(
    make("h3", { text: words("review_title") }), make("p", { text: words("review_intro") }),
    sites && layers.length ? button(words("review_go"), () => begin(parts.job, "review", asked(sites, layers)), { class: "main" }) : make("p", { text: words("review_needs") }),
  );
}

/**
 * What a review is asked: flat properties, a reference for each site, and each layer by its dataset's name.
 * @param {Own} sites @param {Own[]} layers
 */
function asked(sites, layers) {
  const flat = (one) => Object.fromEntries(Object.entries(one.properties || {}).filter(([, value]) => value === null || typeof value !== "object"));
  const clean = (shapes, more) => ({ type: "FeatureCollection", features: shapes.features.map((one, at) => ({ type: "Feature", properties: { ...more(one, at), ...flat(one) }, geometry: one.geometry })) });
  const dataset = (name) => name.toLowerCase().replace(/\.(geo)?json$/, "").replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60) || "layer";
  return {
    sites: clean(sites.shapes, (one, at) => ({ reference: String(one.id ?? "site-" + (at + 1)) })),
    layers: Object.fromEntries(layers.map((one) => [dataset(one.name), clean(one.shapes, (each, at) => ({ reference: String(each.id ?? at + 1) }))])),
  };
}

/** Put away what the task alone shows; the shapes stay on the map under every task. */
export function leave() { parts = {}; }

/** @param {import("./page.js").Point} _ @param {any} area */
export function click(_, area) {
  if (area) choose({ task: "place", place: area.code });
}
