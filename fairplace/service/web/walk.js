// Set a walk limit: from a click, a typed place or the cross, how far one gets and who lives within.
import { askJson, giveUp, run } from "./ask.js";
import { map, fit, withoutSpecks } from "./map.js";
import { button, data, make, say, table, where, words } from "./page.js";
import { capital, counted, minutesField, modeField, saidOf } from "./limits.js";
import { editor } from "./points.js";
import { showProfile } from "./profile.js";
import { choose, state } from "./state.js";

const L = /** @type {any} */ (window).L;
const SHADES = ["#0b3c6f", "#1d70b8", "#5694ca"];
const DASHES = ["", "8 5", "2 5"];
/** @type {any} */
let shapes = null;
/** @type {ReturnType<typeof editor> | null} */
let start = null;
/** @type {Record<string, any>} */
let parts = {};

/** Three limits that a reader can follow: a third, two thirds and the whole. */
export function limits(minutes) {
  return [...new Set([minutes / 3, (2 * minutes) / 3, minutes].map((one) => Math.max(1, Math.round(one))))];
}

/** @param {HTMLElement} task */
export function show(task) {
  if (!data.has.reach || !data.streets) {
    task.replaceChildren(make("p", { text: words(data.has.reach ? "streets_absent" : "absent", { name: data.name }) }));
    return;
  }
  start = editor({ noun: "walk_start", css: "start", most: 1, points: () => state.from, set: (points) => choose({ from: points }) });
  const minutes = minutesField(words("walk_minutes")), mode = modeField();
  parts = { minutes, mode, result: make("div"), profile: make("div"), typed: start.typed(words("walk_typed")) };
  task.replaceChildren(
    make("div", { class: "noprint" }, [
      make("p", { text: words("walk_intro") }),
      make("div", { class: "bar" }, [button(words("walk_centre"), () => start?.addCentre())]),
      parts.typed, start.list, make("div", { class: "pair" }, [minutes.holder, mode.holder]),
    ]),
    parts.result, parts.profile,
  );
  follow(new Set(["from"]));
}

/** @param {Set<string>} changed */
export function follow(changed) {
  if (!start || !["from", "minutes", "mode"].some((one) => changed.has(one))) return;
  start.follow();
  parts.minutes.follow();
  parts.mode.follow();
  parts.typed.hidden = state.from.length > 0;
  giveUp(parts.profile);
  if (!state.from.length) { clear(); parts.result.replaceChildren(make("p", { text: words("walk_none") })); return; }
  const [at] = state.from, { minutes, mode } = state;
  const address = data.base + "/reach?from=" + at.map((one) => one.toFixed(6)).join(",") + "&minutes=" + limits(minutes).join(",") + "&mode=" + mode;
  run(parts.result, words("working_reach"), (signal) => askJson(address, { signal })).then((got) => {
    if (got && start) present(got, at, minutes, mode);
  });
}

/** @param {any} got @param {import("./page.js").Point} at @param {number} minutes @param {string} mode */
function present(got, at, minutes, mode) {
  clear();
  const features = got.features.filter((one) => one.properties.kind === "area").map(withoutSpecks);
  shapes = L.featureGroup(features.flatMap((one, place) => ["#fff", SHADES[place % 3]].map((color, top) => L.geoJSON(one, {
    pane: "picked", interactive: false,
    style: { color, weight: top ? 2 : place ? 0 : 4, opacity: 1, dashArray: top ? DASHES[place % 3] : undefined, fill: Boolean(top), fillColor: SHADES[place % 3], fillOpacity: 0.1, interactive: false },
  })))).addTo(map);
  if (features.length && !map.getBounds().contains(shapes.getBounds())) fit(shapes.getBounds());
  const order = [...features].sort((a, b) => a.properties.minutes - b.properties.minutes);
  const measures = (order.at(-1)?.properties.people || []).map((one) => one.measure);
  const head = [words("walk_people"), ...order.map((one) => words("minutes", { n: one.properties.minutes }))];
  const rows = measures.map((measure) => {
    const own = order.map((one) => one.properties.people.find((row) => row.measure === measure));
    return [capital(own[0].words), ...own.map(counted)];
  });
  const kinds = make("ul", { class: "lines" }, features.map((one, place) => make("li", {}, [line(place), make("span", { text: words("minutes", { n: one.properties.minutes }) })])));
  parts.result.replaceChildren(
    features.length ? kinds : "",
    rows.length ? table(words("walk_caption", { where: where(at), mode: words("mode_of_" + mode).toLowerCase() }), head, rows) : "",
    ...saidOf(got),
  );
  if (mode !== "night" && features.length && data.has.area) {
    const file = (form) => ({ address: data.base + "/profile?area=" + encodeURIComponent(mode + ":" + minutes + "min:" + at.map((one) => one.toFixed(6)).join(",")) + "&f=" + form });
    const name = words("minutes", { n: minutes });
    parts.result.append(button(words("walk_profile", { minutes }), () => {
      run(parts.profile, words("working_profile", { name }), (signal) => askJson(file("json").address, { signal })).then((profile) => {
        if (!profile) return;
        showProfile(profile, parts.profile, { full: file("html").address, file });
        parts.profile.prepend(make("h3", { text: profile.area.name, tabindex: -1 }));
        parts.profile.firstChild.focus();
      });
    }));
  }
  parts.result.dataset.shown = at.join(",") + " " + minutes + " " + mode;
  const people = order.at(-1)?.properties.people?.find((row) => row.measure === "residents");
  say(words("walk_said", { minutes, people: people ? counted(people) : words("not_known") }));
}

const line = (place) => {
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  for (const [name, value] of Object.entries({ width: 40, height: 12, viewBox: "0 0 40 12", "aria-hidden": "true" })) picture.setAttribute(name, String(value));
  for (const [name, value] of Object.entries({ d: "M2 6H38", stroke: SHADES[place % 3], "stroke-width": 3, "stroke-dasharray": DASHES[place % 3] || "none" })) path.setAttribute(name, String(value));
  picture.append(path);
  return picture;
};

function clear() {
  if (shapes) { shapes.remove(); shapes = null; }
}

/** Put away what lies on the map. */
export function leave() {
  clear();
  start?.clear();
  start = null;
  parts = {};
}

/** @param {import("./page.js").Point} at */
export const click = (at) => { start?.add(at); };
