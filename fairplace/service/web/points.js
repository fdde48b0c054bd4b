// Points that a person may drag, or move by buttons, keys, typed places or the cross in the middle of the map.
import { showError, Problem } from "./ask.js";
import { centre, map } from "./map.js";
import { button, data, make, say, where, words } from "./page.js";
import { lookUp } from "./search.js";

/** @typedef {import("./page.js").Point} Point */
const L = /** @type {any} */ (window).L;
const STEP = 50;

/**
 * A typed place as a point: postcode or other name through the search, or latitude and longitude in either order.
 * @param {string} text
 * @returns {Promise<Point>}
 */
export async function readPlace(text) {
  const numbers = readNumbers(text);
  if (numbers) return within(numbers);
  const found = text.trim() ? await lookUp(text.trim()) : [];
  const located = found.find((one) => Number.isFinite(one.lon));
  if (located) return [located.lon, located.lat];
  throw new Problem(400, words("point_unread", { text: text.trim() }));
}

/**
 * Two numbers as a point. In Britain the latitude is the larger, so either order is understood.
 * @param {string} text
 * @returns {Point | null}
 */
export function readNumbers(text) {
  const found = text.trim().match(/^\(?\s*(-?\d+(?:\.\d+)?)\s*[,;\s]\s*(-?\d+(?:\.\d+)?)\s*\)?$/);
  if (!found) return null;
  const [a, b] = [Number(found[1]), Number(found[2])];
  return a > b ? [b, a] : [a, b];
}

/** @param {Point} at */
export function within(at) {
  const [west, south, east, north] = data.bounds;
  const more = 0.1;
  if (at[0] < west - more || at[0] > east + more || at[1] < south - more || at[1] > north + more) {
    throw new Problem(400, words("point_outside", { where: where(at), name: data.name }));
  }
  return at;
}

/**
 * Points under edit, on the map and as a list.
 * @param {{noun: string, css: string, points: () => Point[], set: (points: Point[]) => void, most: number}} what
 */
export function editor(what) {
  /** @type {any[]} */
  let markers = [];
  const list = make("ul", { class: "points" });
  const name = (at) => (what.most === 1 ? words(what.noun) : words(what.noun, { n: at + 1 }));
  const put = (at, point) => {
    const now = [...what.points()];
    now[at] = point;
    what.set(now);
    say(words("point_moved", { name: name(at), where: where(point) }));
  };
  const remove = (at) => {
    what.set(what.points().filter((_, place) => place !== at));
    say(words("point_removed", { name: name(at) }));
  };
  const add = (point) => {
    const now = what.points();
    if (what.most === 1) { put(0, point); return; }
    if (now.length >= what.most) { say(words("point_most", { most: what.most })); return; }
    what.set([...now, point]);
    say(words("point_added", { name: name(now.length), where: where(point) }));
  };
  const step = (at, east, north) => {
    const [lon, lat] = what.points()[at];
    put(at, [lon + (east * STEP) / (111320 * Math.cos((lat * Math.PI) / 180)), lat + (north * STEP) / 111320]);
  };

  function row(at) {
    const input = make("input", { type: "text", id: what.noun + "-where-" + at, maxlength: 80, autocomplete: "off" });
    const trouble = make("div");
    const place = () => readPlace(input.value).then((point) => { trouble.replaceChildren(); put(at, point); }, (error) => showError(trouble, error));
    input.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); place(); } });
    const arrow = (key, sign, east, north) => make("button", {
      type: "button", text: sign, "aria-label": words(key, { name: name(at), metres: STEP }), title: words(key, { name: name(at), metres: STEP }),
      on: { click: () => step(at, east, north) },
    });
    return make("li", { "data-point": at }, [make("fieldset", {}, [
      make("legend", { text: name(at) }),
      make("label", { for: input.id, text: words("point_where") }),
      make("div", { class: "together" }, [input, button(words("point_put"), place, { "aria-label": words("point_put") + ": " + name(at) })]),
      trouble,
      make("div", { class: "bar" }, [
        arrow("point_west", "←", -1, 0), arrow("point_east", "→", 1, 0), arrow("point_north", "↑", 0, 1), arrow("point_south", "↓", 0, -1),
        button(words("point_centre"), () => put(at, centre()), { "aria-label": words("point_centre") + ": " + name(at) }),
        button(words("point_remove_short"), () => remove(at), { "aria-label": words("point_remove", { name: name(at) }) }),
      ]),
    ])]);
  }

  function marker(at) {
    const made = L.marker([0, 0], {
      draggable: true, keyboard: true, autoPan: true,
      icon: L.divIcon({ className: "pin " + what.css, html: make("span", { text: what.most === 1 ? "A" : String(at + 1) }), iconSize: [30, 30] }),
    }).addTo(map);
    made.on("dragend", () => { const to = made.getLatLng(); put(at, [to.lng, to.lat]); });
    made.on("click", (event) => L.DomEvent.stop(event));
    const element = made.getElement();
    element.setAttribute("aria-label", name(at));
    element.addEventListener("keydown", (event) => {
      const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (event.key === "Delete") { event.preventDefault(); event.stopPropagation(); remove(at); }
      if (!move) return;
      event.preventDefault();
      event.stopPropagation();
      step(at, move[0], move[1]);
    });
    return made;
  }

  function follow() {
    const points = what.points();
    while (markers.length > points.length) markers.pop().remove();
    points.forEach((point, at) => {
      if (!markers[at]) markers[at] = marker(at);
      markers[at].setLatLng([point[1], point[0]]);
    });
    while (list.children.length > points.length) list.lastChild.remove();
    points.forEach((point, at) => {
      if (!list.children[at]) list.append(row(at));
      const input = list.children[at].querySelector("input");
      if (document.activeElement !== input) input.value = where(point);
    });
  }
  const clear = () => { for (const one of markers) one.remove(); markers = []; list.replaceChildren(); };
  /**
   * A field by which a point is added that is typed.
   * @param {string} label
   */
  const typed = (label) => {
    const input = make("input", { type: "text", id: what.noun + "-typed", maxlength: 80, autocomplete: "off" });
    const trouble = make("div");
    const take = () => readPlace(input.value).then((point) => { trouble.replaceChildren(); input.value = ""; add(point); }, (error) => showError(trouble, error));
    input.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); take(); } });
    return make("div", { class: "field" }, [make("label", { for: input.id, text: label }),
      make("div", { class: "together" }, [input, button(words("point_add"), take)]), trouble]);
  };
  return { list, follow, clear, add, typed, addCentre: () => add(centre()) };
}
