// What is chosen, kept in the address after "#", so that a link, a reload and the back button restore it.
// The part after "#" is never sent to the service: a drawing stays in the browser until it is asked about.
import { data, round6 } from "./page.js";

/**
 * @typedef {import("./page.js").Point} Point
 * @typedef {{task: string, layer: string, areas: string, place: string, at: number[], corners: Point[],
 *   from: Point[], minutes: number, mode: string, sites: Point[], close: string[], first: string, second: string, on: string[],
 *   job: string}} State
 */
export const TASKS = ["place", "draw", "compare", "walk", "hubs", "plans"];
export const MODES = ["walk", "wheel", "cycle", "night"];
export const MOST_POINTS = 500;
/** Letters of one part of an address; a longer one is left out, because a part of a drawing is another drawing. */
const MOST_LETTERS = 16000;
export const MOST_MINUTES = 60;

/** @returns {State} */
function fresh() {
  return {
    task: "place", layer: "mis", areas: data.drawn.includes("lsoa21") ? "lsoa21" : data.drawn[0] || "", place: "", at: [],
    corners: [], from: [], minutes: 15, mode: "walk", sites: [], close: [], first: "", second: "", on: ["background"], job: "",
  };
}

const points = (text) => {
  const found = text.split(";").map((one) => one.split(",").map(Number)).filter((one) => one.length === 2 && one.every(Number.isFinite));
  return found.length > MOST_POINTS ? [] : found.map(([lon, lat]) => [lon, lat]);
};
const write = (some) => some.map((one) => one.map(round6).join(",")).join(";");

/** @returns {State} */
function read() {
  const made = /** @type {any} */ (fresh());
  const given = new URLSearchParams(location.hash.slice(1));
  for (const [name, text] of given) {
    if (text.length > MOST_LETTERS) continue;
    if (name === "task") made.task = TASKS.includes(text) ? text : made.task;
    else if (name === "mode") made.mode = MODES.includes(text) ? text : made.mode;
    else if (name === "areas") made.areas = data.drawn.includes(text) ? text : made.areas;
    else if (name === "minutes") made.minutes = Math.min(MOST_MINUTES, Math.max(1, Math.round(Number(text)) || 15));
    else if (["corners", "from", "sites"].includes(name)) made[name] = points(text);
    else if (name === "at") {
      const at = text.split(",").map(Number);
      if (at.length === 3 && at.every(Number.isFinite)) made.at = at;
    } else if (name === "on" || name === "close") made[name] = text.split(",").filter(Boolean);
    else if (name in made) made[name] = text;
  }
  return made;
}

/** @param {State} held */
function address(held) {
  const plain = fresh();
  const parts = [];
  const put = (name, text) => parts.push(name + "=" + encodeURIComponent(text).replace(/%2C/g, ",").replace(/%3B/g, ";"));
  for (const name of /** @type {(keyof State)[]} */ (Object.keys(plain))) {
    const [now, usual] = [held[name], plain[name]];
    if (JSON.stringify(now) === JSON.stringify(usual)) continue;
    if (["corners", "from", "sites"].includes(name)) put(name, write(/** @type {Point[]} */ (now)));
    else put(name, Array.isArray(now) ? now.join(",") : String(now));
  }
  return "#" + parts.join("&");
}

export let state = read();
/** @type {((changed: Set<string>, before: State) => void)[]} */
const listeners = [];

/**
 * Be told when something is chosen.
 * @param {(changed: Set<string>, before: State) => void} act
 */
export const onChange = (act) => { listeners.push(act); };

/** @param {State} next */
function tell(next) {
  const before = state;
  state = next;
  const changed = new Set(Object.keys(next).filter((name) => JSON.stringify(next[name]) !== JSON.stringify(before[name])));
  if (changed.size) for (const act of listeners) act(changed, before);
}

/**
 * Choose. A step that a person would take back is a step of the back button; moving the map is not.
 * @param {Partial<State>} changes
 * @param {{quiet?: boolean}} [how]
 */
export function choose(changes, how = {}) {
  const next = { ...state, ...changes };
  const mark = address(next);
  if (mark !== location.hash && !(mark === "#" && location.hash === "")) {
    if (how.quiet) history.replaceState(null, "", mark);
    else history.pushState(null, "", mark);
  }
  tell(next);
}

window.addEventListener("popstate", () => tell(read()));
window.addEventListener("hashchange", () => tell(read()));
