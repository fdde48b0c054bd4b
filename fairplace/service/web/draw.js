// Draw an area: by clicks, by the cross, by pasted corners, or by ticking areas of a list.
import { askJson, giveUp, run, showError, Problem } from "./ask.js";
import { areasNow, map, onDrawn } from "./map.js";
import { button, data, field, make, say, words } from "./page.js";
import { editor, readNumbers } from "./points.js";
import { showProfile } from "./profile.js";
import { choose, MOST_POINTS, state } from "./state.js";

/** @typedef {import("./page.js").Point} Point */
const L = /** @type {any} */ (window).L;
/** @type {any} */
let shape = null;
/** @type {ReturnType<typeof editor> | null} */
let corners = null;
/** @type {Record<string, any>} */
let parts = {};

/**
 * Corners as they are pasted: lines of two numbers, WKT or GeoJSON.
 * @param {string} text
 * @returns {Point[]}
 */
export function readCorners(text) {
  const bad = (why) => new Problem(400, words("paste_bad", { why }));
  const ringed = (ring) => {
    const open = ring.length > 1 && ring[0][0] === ring.at(-1)[0] && ring[0][1] === ring.at(-1)[1] ? ring.slice(0, -1) : ring;
    if (open.length < 3) throw bad(words("paste_two", { count: open.length }));
    return open;
  };
  const plain = text.trim();
  if (plain.startsWith("{")) {
    let given;
    try { given = JSON.parse(plain); } catch { throw bad(words("plans_not_json")); }
    if (given.features && given.features.length !== 1) throw bad(words("paste_several", { count: given.features.length }));
    const geometry = given.features?.[0]?.geometry || given.geometry || given;
    if (geometry.type !== "Polygon" || geometry.coordinates.length !== 1) throw bad(words("paste_shape", { shape: String(geometry.type) }));
    return ringed(geometry.coordinates[0].map(([lon, lat]) => [Number(lon), Number(lat)]));
  }
  const wkt = /^POLYGON\s*\(\(([^()]+)\)\)$/i.exec(plain);
  if (!wkt && /^[A-Z]+\s*\(/i.test(plain)) throw bad(words("paste_shape", { shape: plain.split("(")[0].trim() }));
  const lines = (wkt ? wkt[1].split(",") : plain.split(/\n/)).map((one) => one.trim()).filter(Boolean);
  return ringed(lines.map((line, at) => {
    const point = readNumbers(line);
    if (!point) throw bad(words("paste_line", { n: at + 1, text: line.slice(0, 40) }));
    return point;
  }));
}

/** @param {Point[]} points */
export const asPolygon = (points) => ({ type: "Polygon", coordinates: [[...points, points[0]]] });
/** @param {Point[]} points */
export const asText = (points) => "POLYGON((" + [...points, points[0]].map((one) => one.map((each) => each.toFixed(6)).join(" ")).join(",") + "))";

/**
 * How the profile of a drawing is asked for: in the address while that is short, else as a body.
 * @param {Point[]} points
 * @param {string} form
 */
export function drawnAddress(points, form) {
  const text = encodeURIComponent(asText(points));
  if (text.length < 3500) return { address: data.base + "/profile?area=" + text + "&f=" + form, how: {} };
  return { address: data.base + "/profile?f=" + form, how: { method: "POST", body: JSON.stringify(asPolygon(points)), type: "application/geo+json" } };
}

/** @param {HTMLElement} task */
export function show(task) {
  if (!data.has.area) { task.replaceChildren(make("p", { text: words("absent") })); return; }
  corners = editor({ noun: "corner", css: "corner", most: MOST_POINTS, points: () => state.corners, set: (points) => choose({ corners: points }) });
  const paste = make("textarea", { maxlength: 60000, spellcheck: "false" });
  const trouble = make("div");
  const use = () => {
    try {
      const points = readCorners(paste.value);
      if (points.length > MOST_POINTS) throw new Problem(413, words("paste_many", { count: points.length, most: MOST_POINTS }));
      trouble.replaceChildren();
      choose({ corners: points });
      map.fitBounds(L.latLngBounds(points.map(([lon, lat]) => [lat, lon])), { animate: false, maxZoom: 15, padding: [40, 40] });
      say(words("drawn_done", { count: points.length }));
    } catch (error) { showError(trouble, error); }
  };
  parts = {
    need: make("p", { role: "status" }), go: button(words("corners_close"), () => profile(), { class: "main" }),
    result: make("div"), count: make("summary"), list: make("div"),
  };
  task.replaceChildren(
    make("div", { class: "noprint" }, [
      make("p", { text: words("draw_intro") }),
      make("div", { class: "bar" }, [
        button(words("corner_add"), () => corners?.addCentre()),
        button(words("corners_clear"), () => { choose({ corners: [] }); giveUp(parts.result); }),
      ]),
      parts.need, parts.go,
      make("details", {}, [parts.count, make("p", { class: "hint", text: words("point_help") }), corners.list]),
      make("details", {}, [make("summary", { text: words("paste") }), field(words("paste"), paste, words("paste_hint")), button(words("paste_use"), use), trouble]),
      make("details", {}, [make("summary", { text: words("list_areas") }), make("p", { class: "hint", text: words("list_areas_hint") }), parts.list]),
    ]),
    parts.result,
  );
  fillList();
  follow(new Set(["corners"]));
}
onDrawn(() => { if (state.task === "draw") fillList(); });

function fillList() {
  if (!parts.list) return;
  const order = [...areasNow()].sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  const boxes = order.map((one) => {
    const box = make("input", { type: "checkbox", value: one.code });
    return make("label", { class: "tick" }, [box, make("span", { text: one.name })]);
  });
  const trouble = make("div");
  const go = button(words("list_use"), () => {
    const codes = [...parts.list.querySelectorAll("input:checked")].map((one) => one.value);
    if (!codes.length) { showError(trouble, new Problem(400, words("list_none"))); return; }
    trouble.replaceChildren();
    fetchTogether(codes);
  });
  parts.list.replaceChildren(make("div", { class: "scroll short" }, boxes), go, trouble);
}

/** @param {Set<string>} changed */
export function follow(changed) {
  if (!corners || !changed.has("corners")) return;
  corners.follow();
  const points = state.corners, more = 3 - points.length;
  if (shape) { shape.remove(); shape = null; }
  if (points.length > 1) {
    const turned = points.map(([lon, lat]) => [lat, lon]);
    const line = (color, weight) => L.polygon(turned, { pane: "picked", interactive: false, color, weight, opacity: 1, fill: weight < 5, fillColor: "#0b3c6f", fillOpacity: 0.12 });
    shape = L.featureGroup([line("#fff", 6), line("#0b3c6f", 3)]).addTo(map);
  }
  parts.need.textContent = more > 1 ? words("corners_few", { more }) : more === 1 ? words("corners_few_one") : "";
  parts.go.disabled = more > 0;
  parts.count.textContent = words("corners_list", { count: points.length });
}

function profile() {
  const points = state.corners;
  if (points.length < 3) return;
  const asked = drawnAddress(points, "json");
  run(parts.result, words("working_profile", { name: words("drawn_area") }), (signal) => askJson(asked.address, { ...asked.how, signal })).then((got) => {
    if (got) present(got, (form) => drawnAddress(points, form));
  });
}

/** @param {string[]} codes */
function fetchTogether(codes) {
  const chosen = areasNow().filter((one) => codes.includes(one.code));
  const body = JSON.stringify({ type: "MultiPolygon", coordinates: chosen.flatMap((one) => one.rings) });
  const name = chosen.map((one) => one.name).join(", ").slice(0, 75);
  const file = (form) => ({ address: data.base + "/profile?f=" + form + "&name=" + encodeURIComponent(name), how: { method: "POST", body, type: "application/geo+json" } });
  run(parts.result, words("working_profile", { name }), (signal) => askJson(file("json").address, { ...file("json").how, signal })).then((got) => { if (got) present(got, file); });
}

/** @param {any} got @param {(form: string) => {address: string, how?: any}} file */
function present(got, file) {
  const page = file("html");
  showProfile(got, parts.result, { full: page.how?.method ? "" : page.address, file });
  parts.result.prepend(make("h3", { text: got.area.name, tabindex: -1 }));
  parts.result.dataset.shown = got.area.code;
  say(got.title);
  parts.result.firstChild.focus();
}

/** Put away what lies on the map. */
export function leave() {
  corners?.clear();
  corners = null;
  if (shape) { shape.remove(); shape = null; }
  parts = {};
}

/** @param {Point} at */
export const click = (at) => { corners?.add(at); };
