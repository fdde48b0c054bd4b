// Read about a place: by click, from a list, or from the search.
import { askJson, run } from "./ask.js";
import { announceArea, areasNow, onDrawn } from "./map.js";
import { button, data, field, find, make, say, words } from "./page.js";
import { showProfile } from "./profile.js";
import { putIn } from "./search.js";
import { choose, state } from "./state.js";

/** @type {Map<string, any>} */
const kept = new Map();

/**
 * Profile of a place as the service has it.
 * @param {string} code
 * @param {AbortSignal} [signal]
 */
export async function profileOf(code, signal) {
  if (!kept.has(code)) kept.set(code, await askJson(profileAddress(code, "json"), { signal }));
  return kept.get(code);
}

/** @param {string} code @param {string} form */
export function profileAddress(code, form) {
  const plain = data.base + "/profile/" + encodeURIComponent(code) + "?f=" + form;
  return form === "json" || form === "html" ? plain : data.base + "/profile?area=" + encodeURIComponent(code) + "&f=" + form;
}

/** A list of the areas of the map, in alphabetical order. */
export function areaChoice(label, value, act) {
  const list = make("select");
  const fill = () => {
    const order = [...areasNow()].sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
    list.replaceChildren(new Option(words("place_choose"), ""), new Option(words("place_whole", { name: data.name }), data.authority), ...order.map((one) => new Option(one.name, one.code)));
    const now = value();
    // A place of another kind of areas than the map shows is still the one that is chosen.
    if (now && ![...list.options].some((one) => one.value === now)) list.append(new Option(kept.get(now)?.area.name || now, now));
    list.value = now;
  };
  fill();
  list.addEventListener("change", () => { if (list.value) act(list.value); });
  return { holder: field(label, list), fill };
}

/** @type {{holder: HTMLElement, result: HTMLElement, fill: () => void} | null} */
let made = null;

/** @param {HTMLElement} task */
export function show(task) {
  const { holder, fill } = areaChoice(words("place_pick"), () => state.place, (code) => choose({ place: code }));
  const result = make("div", { id: "profile" });
  made = { holder, result, fill };
  task.replaceChildren(make("div", { class: "noprint" }, [holder]), result);
  follow(new Set(["place"]));
}
onDrawn(() => made?.fill());

/** @param {Set<string>} changed */
export function follow(changed) {
  if (!made || !changed.has("place")) return;
  made.fill();
  const code = state.place, result = made.result;
  if (!code) { find("panel-title").textContent = words("task_place"); result.replaceChildren(make("p", { text: words("place_none") })); return; }
  const known = areasNow().find((one) => one.code === code);
  find("panel-title").textContent = known?.name || words("task_place");
  announceArea(known);
  run(result, words("working_profile", { name: known?.name || code }), (signal) => profileOf(code, signal)).then((profile) => {
    if (!profile || state.place !== code || state.task !== "place") return;
    find("panel-title").textContent = profile.area.name;
    made?.fill();
    showProfile(profile, result, { full: profileAddress(code, "html"), file: (form) => ({ address: profileAddress(code, form) }), geography: profile.area.geography });
    result.prepend(make("p", { class: "hint", text: profile.area.code + ", " + (data.geographies.find((one) => one.id === profile.area.geography)?.label || profile.area.geography) }));
    result.append(make("ul", { class: "links noprint" }, [
      make("li", {}, [button(words("compare_this"), () => choose({ task: "compare", ...(state.first ? putIn(code) : { first: code }) }))]),
    ]));
    result.dataset.shown = code;
    say(profile.title);
  });
}

/** @param {import("./page.js").Point} _ @param {any} area */
export function click(_, area) {
  if (area) choose({ place: area.code });
}
