// Find a place: type, choose, go. Every answer is a button, so nothing special is needed of keys.
import { askJson, giveUp, run } from "./ask.js";
import { map, fit } from "./map.js";
import { button, data, find, make, say, words } from "./page.js";
import { choose, state } from "./state.js";

const L = /** @type {any} */ (window).L;
/** @type {any} */
let pin = null;

/** Begin. */
export function start() {
  const input = find("search"), found = find("found");
  find("search-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (text) look(text);
  });
  input.addEventListener("keydown", (event) => { if (event.key === "Escape") giveUp(found); });
  found.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { giveUp(found); input.focus(); return; }
    const all = [...found.querySelectorAll("li button")];
    const at = all.indexOf(document.activeElement);
    const to = event.key === "ArrowDown" ? at + 1 : event.key === "ArrowUp" ? at - 1 : -1;
    if (at >= 0 && all[to]) { event.preventDefault(); all[to].focus(); }
  });
}

/** @param {string} text */
async function look(text) {
  const found = find("found");
  const got = await run(found, words("working_search", { text }), (signal) => lookUp(text, signal));
  if (!got) return;
  if (got.length === 0) {
    found.replaceChildren(make("p", { class: "warning", text: words("search_none", { text }) }));
    say(words("search_none", { text }));
    return;
  }
  // What is called just so is meant, whatever else has the word in its name.
  const same = got.filter((one) => one.name.toLowerCase() === text.toLowerCase());
  const meant = got.length === 1 ? got : same;
  if (meant.length === 1) { go(meant[0]); return; }
  found.replaceChildren(
    make("p", { text: words("search_some", { count: got.length }) }),
    make("ul", { "aria-label": words("search_results") }, got.map((one) => make("li", {}, [
      button(one.name + " (" + kindOf(one) + ")", () => go(one)),
    ]))),
    button(words("close_results"), () => { giveUp(found); find("search").focus(); }),
  );
  say(words("search_some", { count: got.length }));
}

/**
 * What the service finds under a text.
 * @param {string} text
 * @param {AbortSignal} [signal]
 * @returns {Promise<any[]>}
 */
export async function lookUp(text, signal) {
  const got = await askJson(data.base + "/search?f=json&q=" + encodeURIComponent(text.slice(0, 120)), { signal });
  return got.found;
}

/** @param {any} one */
function kindOf(one) {
  if (one.kind === "area") return one.geography_label + ", " + one.id;
  const key = "kind_" + one.kind;
  return words(key) === key ? words("kind_place") : words(key);
}

/** @param {any} one */
function go(one) {
  giveUp(find("found"));
  if (pin) { pin.remove(); pin = null; }
  const located = Number.isFinite(one.lon) && Number.isFinite(one.lat);
  if (located) {
    pin = L.marker([one.lat, one.lon], {
      keyboard: false, interactive: false, icon: L.divIcon({ className: "pin start", html: "", iconSize: [30, 30] }),
    }).addTo(map);
    fit(L.latLngBounds([[one.lat, one.lon]]));
  }
  const area = one.kind === "area" ? one : (one.areas || []).find((each) => each.geography === state.areas) || (one.areas || [])[0];
  if (located && state.task === "walk") choose({ from: [[one.lon, one.lat]] });
  else if (area) choose({ task: state.task === "compare" ? "compare" : "place", place: area.id, ...(state.task === "compare" ? putIn(area.id) : {}) });
  say(one.name + (area && area !== one ? ", " + area.name : ""));
  find("panel-title").focus();
}

/**
 * Put a place into the comparison: the empty side, else the second.
 * @param {string} code
 */
export const putIn = (code) => (state.first && state.first !== code ? { second: code } : { first: code });
