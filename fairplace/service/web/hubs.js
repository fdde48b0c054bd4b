// Try hub sites: put them, move them, close others, and see whom they reach beside no change.
import { askJson, run } from "./ask.js";
import { map, overlay, withoutSpecks } from "./map.js";
import { button, data, make, say, table, words } from "./page.js";
import { capital, counted, minutesField, modeField, saidOf, written } from "./limits.js";
import { showPlan } from "./jobs.js";
import { editor } from "./points.js";
import { choose, state } from "./state.js";

const L = /** @type {any} */ (window).L;
/** @type {ReturnType<typeof editor> | null} */
let sites = null;
/** @type {Record<string, any>} */
let parts = {};
/** @type {any[] | null} */
let buildings = null;
/** @type {any} */
let standing = null;
/** @type {any} */
let reached = null;
let latest = 0;

/** @param {HTMLElement} task */
export function show(task) {
  if (!data.has.hubs || !data.streets) {
    task.replaceChildren(make("p", { text: words(data.has.hubs ? "streets_absent" : "absent", { name: data.name }) }));
    return;
  }
  sites = editor({ noun: "site", css: "site", most: data.most_sites, points: () => state.sites, set: (points) => choose({ sites: points }) });
  const minutes = minutesField(words("hubs_minutes")), mode = modeField();
  parts = { minutes, mode, result: make("div", { id: "tried" }), heading: make("h3"), buildings: make("div"), plan: make("div") };
  task.replaceChildren(
    make("div", { class: "noprint" }, [
      make("p", { text: words("hubs_intro") }),
      make("div", { class: "bar" }, [
        button(words("site_add"), () => sites?.addCentre()),
        button(words("sites_clear"), () => choose({ sites: [], close: [] })),
      ]),
      sites.typed(words("site_typed")), make("div", { class: "pair" }, [minutes.holder, mode.holder]),
    ]),
    parts.result, make("div", { class: "noprint" }, [parts.heading, sites.list]), parts.buildings, parts.plan,
  );
  fetchBuildings();
  showPlan(parts.plan);
  follow(new Set(["sites"]));
}

/** Buildings that the council has put forward, and hubs there are. */
function fetchBuildings() {
  const collection = data.overlays.find((one) => one.id.endsWith("-hub-candidates"));
  if (!collection) return;
  const holder = parts.buildings;
  const done = (/** @type {any[]} */ found) => { buildings = found; listBuildings(holder); };
  if (buildings) { done(buildings); return; }
  run(holder, words("working_overlay", { name: collection.title }), (signal) => askJson("/collections/" + encodeURIComponent(collection.id) + "/items?f=json&limit=500", { signal })).then((got) => {
    if (!got || !sites) return;
    done(got.features);
    if (got.numberMatched > got.features.length) {
      holder.append(make("p", { class: "hint", text: words("overlay_cut", { name: collection.title, shown: got.features.length, count: got.numberMatched }) }));
    }
  });
}

/** @param {HTMLElement} holder */
function listBuildings(holder) {
  const found = buildings || [];
  const named = (one) => String(one.properties.name || one.id);
  const existing = found.filter((one) => one.properties.status === "existing");
  const others = found.filter((one) => one.properties.status !== "existing");
  const close = existing.map((one) => {
    const box = make("input", { type: "checkbox" });
    box.checked = state.close.includes(String(one.id));
    box.dataset.close = one.id;
    box.addEventListener("change", () => choose({ close: box.checked ? [...state.close, String(one.id)] : state.close.filter((each) => each !== String(one.id)) }));
    return make("label", { class: "tick" }, [box, make("span", { text: words("close_hub", { name: named(one) }) })]);
  });
  const add = others.map((one) => make("li", {}, [
    button(words("candidate_add", { name: named(one) }), () => sites?.add(one.geometry.coordinates)),
  ]));
  holder.replaceChildren(...[
    close.length ? make("fieldset", { class: "noprint" }, [make("legend", { text: words("hubs_there") }), ...close]) : null,
    add.length ? make("details", { class: "noprint" }, [make("summary", { text: words("candidates") + " (" + others.length + ")" }), make("p", { class: "hint", text: words("candidates_hint") }), make("ul", { class: "links" }, add)]) : null,
  ].filter(Boolean));
}

/** @param {Set<string>} changed */
export function follow(changed) {
  if (!sites || !["sites", "close", "minutes", "mode"].some((one) => changed.has(one))) return;
  sites.follow();
  parts.heading.textContent = state.sites.length ? words("sites_list", { count: state.sites.length }) : "";
  parts.heading.hidden = !state.sites.length;
  parts.minutes.follow();
  parts.mode.follow();
  for (const box of parts.buildings.querySelectorAll("[data-close]")) box.checked = state.close.includes(box.dataset.close);
  const { minutes, mode } = state;
  const asked = new URLSearchParams({ minutes: String(minutes), mode });
  if (state.sites.length) asked.set("sites", state.sites.map((one) => one.map((each) => each.toFixed(6)).join(",")).join(";"));
  if (state.close.length) asked.set("close", state.close.join(","));
  const mark = (latest += 1);
  run(parts.result, words("working_hubs"), (signal) => askJson(data.base + "/hubs/try?" + asked, { signal })).then((got) => {
    if (got && sites && mark === latest) present(got, minutes, mode);
  });
}

/** @param {any} got @param {number} minutes @param {string} mode */
function present(got, minutes, mode) {
  const [now, then] = ["no_change", "tried"].map((option) => new Map(got.people.filter((one) => one.option === option).map((one) => [one.measure, one])));
  const changed = state.sites.length > 0 || state.close.length > 0;
  const difference = (a, b) => {
    if (!a || !b || a.within === null || b.within === null) return words("hidden");
    const more = b.within - a.within;
    const text = (more > 0 ? "+" : more < 0 ? "−" : "") + written(Math.abs(more));
    return a.modelled ? words("about_number", { n: text }) : text;
  };
  const rows = [...now].map(([measure, one]) => {
    const other = /** @type {any} */ (then.get(measure));
    const name = capital(one.words);
    return changed ? [name, counted(one), counted(other), difference(one, other)] : [name, counted(one)];
  });
  const mean = (option, measure) => got.minutes.find((one) => one.option === option && one.measure === measure)?.mean_minutes;
  for (const [measure, one] of now) {
    const [a, b] = [mean("no_change", measure), mean("tried", measure)];
    if (a === undefined || a === null) continue;
    const name = words("hubs_mean", { who: one.words });
    const step = b - a;
    rows.push(changed ? [name, a.toFixed(1), b?.toFixed(1) ?? words("not_known"), Number.isFinite(step) ? (step > 0 ? "+" : step < 0 ? "−" : "") + Math.abs(step).toFixed(1) : words("not_known")] : [name, a.toFixed(1)]);
  }
  const head = changed ? [words("hubs_measure"), words("hubs_now"), words("hubs_with"), words("hubs_change")] : [words("hubs_measure"), words("hubs_now")];
  const gains = got.gains?.find((one) => one.measure === "residents");
  parts.result.replaceChildren(
    changed ? "" : make("p", { text: words("hubs_none") }),
    table(words("hubs_caption", { minutes, mode: words("mode_of_" + mode).toLowerCase() }), head, rows),
    changed && gains ? make("p", { text: words("hubs_gains", { nearer: numbered(gains.nearer), farther: numbered(gains.farther), same: numbered(gains.same) }) }) : "",
    make("p", { class: "hint", text: words("hubs_key") }),
    ...saidOf(got),
  );
  parts.result.dataset.shown = [state.sites.length, state.close.length, minutes, mode].join(" ");
  const children = then.get("children_below_mis") || then.get("children_0_4");
  if (children) say(capital(/** @type {any} */ (children).words) + ": " + counted(children));
  hubsOnMap(got);
  reachOnMap(minutes, mode);
}

const numbered = (number) => (number === null || number === undefined ? words("hidden") : written(number));

/** Hubs there are, as squares; those that would close are crossed. */
function hubsOnMap(got) {
  standing?.remove();
  const there = got.hubs.filter((one) => one.option === "no_change");
  standing = L.layerGroup(there.map((one) => L.marker([one.lat, one.lon], {
    keyboard: false, interactive: false,
    icon: L.divIcon({ className: "pin hub", html: make("span", { text: state.close.includes(one.id) ? "×" : "H" }), iconSize: [26, 26] }),
  }))).addTo(map);
}

/** How far families come from to each site that is tried. */
async function reachOnMap(minutes, mode) {
  const mark = latest;
  const wanted = data.has.reach ? state.sites.slice(0, 8) : [];
  const found = await Promise.all(wanted.map((at) => askJson(data.base + "/reach?from=" + at.map((one) => one.toFixed(6)).join(",") + "&minutes=" + minutes + "&mode=" + mode + "&trip=in").catch(() => null)));
  if (mark !== latest || !sites) return;
  reached?.remove();
  const features = found.flatMap((one) => one?.features || []).filter((one) => one.properties.kind === "area").map(withoutSpecks);
  reached = features.length ? overlay({ type: "FeatureCollection", features }, { colour: "#8a1f00", weight: 1.75 }).addTo(map) : null;
}

/** Put away what lies on the map. */
export function leave() {
  sites?.clear();
  sites = null;
  for (const one of [standing, reached]) one?.remove();
  standing = reached = null;
  parts = {};
}

/** @param {import("./page.js").Point} at */
export const click = (at) => { sites?.add(at); };
