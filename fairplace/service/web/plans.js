// A plan on top of the map: designations of the pack, or a file that stays in this browser.
import { showError, Problem } from "./ask.js";
import { fit, map, overlay } from "./map.js";
import { button, data, field, make, say, words } from "./page.js";
import { choose, onChange, state } from "./state.js";

const MOST = 20;
const L = /** @type {any} */ (window).L;
/** @type {{name: string, shapes: any, layer: any} | null} */
let own = null;

/** @param {HTMLElement} task */
export function show(task) {
  const file = make("input", { type: "file", accept: ".geojson,.json,application/geo+json,application/json" });
  const said = make("div");
  file.addEventListener("change", () => { if (file.files?.[0]) open(file.files[0], said); });
  const held = data.overlays.filter((one) => one.kind === "areas" || one.kind === "lines");
  const boxes = held.map((one) => {
    const box = make("input", { type: "checkbox" });
    box.checked = state.on.includes(one.id);
    box.dataset.plan = one.id;
    box.addEventListener("change", () => choose({ on: box.checked ? [...state.on, one.id] : state.on.filter((each) => each !== one.id) }));
    return make("label", { class: "tick" }, [box, make("span", { text: one.title })]);
  });
  task.replaceChildren(
    make("p", { text: words("plans_intro") }),
    make("h3", { text: words("plans_held") }),
    ...(boxes.length ? boxes : [make("p", { text: words("plans_held_none") })]),
    make("h3", { text: words("plans_own") }),
    field(words("plans_own"), file, words("plans_own_hint")), said,
  );
  boxesNow = task;
  if (own) present(said);
}
/** @type {HTMLElement | null} */
let boxesNow = null;
onChange((changed) => {
  if (!changed.has("on") || !boxesNow) return;
  for (const box of boxesNow.querySelectorAll("[data-plan]")) /** @type {any} */ (box).checked = state.on.includes(/** @type {any} */ (box).dataset.plan);
});

/** @param {File} file @param {HTMLElement} said */
async function open(file, said) {
  const bad = (why) => new Problem(400, words("plans_bad", { name: file.name, why }));
  try {
    if (file.size > MOST * 1e6) throw bad(words("plans_large", { most: MOST }));
    let given;
    try { given = JSON.parse(await file.text()); } catch { throw bad(words("plans_not_json")); }
    const shapes = given?.type === "FeatureCollection" ? given.features : given?.type === "Feature" ? [given] : given?.coordinates ? [{ type: "Feature", properties: {}, geometry: given }] : [];
    const drawnOf = (Array.isArray(shapes) ? shapes : []).filter((one) => one?.geometry?.coordinates);
    if (!drawnOf.length) throw bad(words("plans_no_shapes"));
    const all = { type: "FeatureCollection", features: drawnOf };
    const layer = overlay(all, { colour: "#b0123b", dash: "8 5" });
    const bounds = layer.getBounds();
    if (!bounds.isValid() || Math.abs(bounds.getNorth()) > 90 || Math.abs(bounds.getEast()) > 180 || Math.abs(bounds.getSouth()) > 90) throw bad(words("plans_metres"));
    own?.layer.remove();
    own = { name: file.name, shapes: all, layer };
    layer.addTo(map);
    fit(bounds);
    present(said);
    say(words("plans_drawn", { name: file.name, count: drawnOf.length }));
  } catch (error) { showError(said, error instanceof Problem ? error : bad(String(error instanceof Error ? error.message : error))); }
}

/** @param {HTMLElement} said */
function present(said) {
  if (!own) return;
  const { name, shapes, layer } = own;
  const titled = (one, at) => String(one.properties?.name || one.properties?.reference || one.id || words("plans_shape", { n: at + 1 }));
  said.replaceChildren(
    make("p", { role: "status", text: words("plans_drawn", { name, count: shapes.features.length }) }),
    make("details", {}, [make("summary", { text: words("plans_list") }), make("ul", {}, shapes.features.slice(0, 200).map((one, at) => make("li", {}, [
      button(titled(one, at), () => fit(L.geoJSON(one).getBounds())),
    ])))]),
    button(words("plans_remove"), () => { layer.remove(); own = null; said.replaceChildren(); }),
  );
}

/** @param {import("./page.js").Point} _ @param {any} area */
export function click(_, area) {
  if (area) choose({ task: "place", place: area.code });
}

/** Shapes of the file that is open, for the review. */
export const ownShapes = () => own;
