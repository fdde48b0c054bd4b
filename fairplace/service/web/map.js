// The map: areas in the chosen layer's colours and patterns, what lies over them, and clicks in words.
import { askJson, run } from "./ask.js";
import { data, find, say, words } from "./page.js";
import { choose, onChange, state } from "./state.js";

/** @typedef {import("./page.js").Point} Point */
/** @typedef {{code: string, name: string, rings: Point[][][], box: any}} Area */

const L = /** @type {any} */ (window).L;
/** Pixels by which an arrow key moves the map; with Shift, 20. */
const STEP = 100;
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

/** @type {any} */
export let map;
/** @type {Record<string, any>} */
const panes = {};
/** @type {Map<string, {areas: Area[], layers: any[]}>} */
const geographies = new Map();
/** @type {any} */
let shown = null;
/** @type {any} */
let mark = null;
/** @type {((at: Point, area: Area | null) => void)[]} */
const clicks = [];
/** @type {(() => void)[]} */
const drawn = [];

/**
 * Be told of a click, or of Enter at the cross.
 * @param {(at: Point, area: Area | null) => void} act
 */
export const onClick = (act) => { clicks.push(act); };
/** @param {() => void} act */
export const onDrawn = (act) => { drawn.push(act); };

/** Areas of the map as they are now, or none before they came. */
export const areasNow = () => geographies.get(state.areas)?.areas || [];
/** The layer as it is now. */
export const layerNow = () => shown;
/** @returns {Point} */
export const centre = () => { const at = map.getCenter(); return [at.lng, at.lat]; };

const pane = (name, level) => {
  map.createPane(name).style.zIndex = level;
  panes[name] = L.canvas({ pane: name, padding: 0.3 });
  map.getPane(name).style.pointerEvents = "none";
};
const turn = (ring) => ring.map(([lon, lat]) => [lat, lon]);

/** Begin: make the map, fetch what it shows, follow what is chosen. */
export function start() {
  window["canvasPatterns"](data.tiles);
  map = L.map("map", {
    zoomControl: false, attributionControl: false, preferCanvas: true, zoomSnap: 0.25, keyboard: false,
    fadeAnimation: false, zoomAnimation: !calm, markerZoomAnimation: false, inertia: !calm, maxZoom: 18, minZoom: 5,
  });
  L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
  pane("under", 350);
  pane("areas", 400);
  pane("over", 420);
  pane("top", 440);
  pane("picked", 460);
  if (state.at.length === 3) map.setView([state.at[0], state.at[1]], state.at[2], { animate: false });
  else fitWhole();
  map.on("moveend", () => {
    const at = map.getCenter();
    choose({ at: [Number(at.lat.toFixed(5)), Number(at.lng.toFixed(5)), Number(map.getZoom().toFixed(2))] }, { quiet: true });
  });
  map.on("click", (event) => clicked([event.latlng.lng, event.latlng.lat]));
  map.on("mousemove", (event) => { find("under").textContent = brief(areaAt([event.latlng.lng, event.latlng.lat])); });
  map.on("mouseout", () => { find("under").textContent = ""; });
  find("map").addEventListener("keydown", (event) => {
    if (event.target !== find("map") || event.altKey || event.ctrlKey || event.metaKey) return;
    const pan = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const step = event.shiftKey ? 20 : STEP;
    // At once and not in motion: a key that is pressed while the map moves must count, and Enter act where it stands.
    if (pan) map.panBy([pan[0] * step, pan[1] * step], { animate: false });
    else if (event.key === "+" || event.key === "=") map.zoomIn(0.5, { animate: false });
    else if (event.key === "-" || event.key === "_") map.zoomOut(0.5, { animate: false });
    else if (event.key === "Enter") clicked(centre());
    else return;
    event.preventDefault();
  });
  find("moves").addEventListener("click", (event) => {
    const move = event.target.closest("button")?.dataset.move;
    const pan = { left: [-0.3, 0], right: [0.3, 0], up: [0, -0.3], down: [0, 0.3] }[move];
    const size = map.getSize();
    if (pan) map.panBy([pan[0] * size.x, pan[1] * size.y], { animate: false });
    else if (move === "in") map.zoomIn(0.5, { animate: false });
    else if (move === "out") map.zoomOut(0.5, { animate: false });
    else if (move === "whole") fitWhole();
  });
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(find("map"));
  onChange((changed) => {
    if (changed.has("areas") || changed.has("layer")) paint();
    if (changed.has("place")) outline();
    if (changed.has("at") && state.at.length === 3) {
      const at = map.getCenter();
      const far = Math.abs(at.lat - state.at[0]) + Math.abs(at.lng - state.at[1]) > 2e-5 || Math.abs(map.getZoom() - state.at[2]) > 0.01;
      if (far) map.setView([state.at[0], state.at[1]], state.at[2], { animate: false });
    }
  });
  background();
  return paint();
}

/** @param {Point} at */
function clicked(at) {
  const area = areaAt(at);
  for (const act of clicks) act(at, area);
}

export function fitWhole() {
  const [west, south, east, north] = data.bounds;
  map.fitBounds([[south, west], [north, east]], { animate: false, paddingTopLeft: [8, 8], paddingBottomRight: [aside(), 8] });
}

/** What the key covers at the right, on a wide screen. */
function aside() {
  const legend = find("legend");
  return getComputedStyle(legend).position === "absolute" ? Math.max(250, legend.offsetWidth) + 16 : 8;
}

/**
 * Show a place on the map.
 * @param {any} bounds Leaflet's.
 */
export function fit(bounds) {
  map.fitBounds(bounds, { animate: false, maxZoom: 15, paddingTopLeft: [30, 30], paddingBottomRight: [aside() + 22, 30] });
}

function background() {
  askJson(data.base + "/explore/background").then((got) => {
    /** @type {any[]} */
    const made = got.background.map((one) => L.geoJSON(one.geometry, {
      interactive: false, pane: one.over ? "over" : "under", renderer: panes[one.over ? "over" : "under"],
      style: () => ({
        color: one.colour, weight: one.width, opacity: one.over ? 0.65 : 1,
        fill: one.filled, fillColor: one.colour, fillOpacity: 1, interactive: false,
      }),
      pointToLayer: (_, at) => L.circleMarker(at, { radius: 1 }),
    }));
    const all = L.layerGroup(made);
    const follow = () => { if (state.on.includes("background")) all.addTo(map); else all.remove(); };
    follow();
    onChange((changed) => { if (changed.has("on")) follow(); });
  }, () => undefined);
}

/** Fetch what is missing, and colour the areas. */
function paint() {
  const wanted = state.areas;
  return run(find("map-state"), words("working_areas"), async (signal) => {
    const [held, layers] = await Promise.all([areasOf(wanted, signal), layersOf(wanted, signal)]);
    if (wanted !== state.areas) return;
    for (const [name, one] of geographies) if (name !== wanted) for (const layer of one.layers) layer.remove();
    shown = layers.find((one) => one.id === state.layer) || layers[0] || null;
    held.areas.forEach((area, at) => {
      const [kind] = shown?.areas[area.code] || [];
      const fill = shown?.fills[kind];
      held.layers[at].setStyle(fill ? {
        color: document.body.classList.contains("contrast") ? "#000" : fill.border,
        weight: document.body.classList.contains("contrast") ? 2 : shown.width + 0.4, opacity: 1, fill: true,
        fillColor: fill.pattern ? "url(#p-" + fill.colour.slice(1) + "-" + fill.pattern + "-" + fill.ink.slice(1) + ")" : fill.colour,
        fillOpacity: 1,
      } : { color: "#3a3a3a", weight: 1, fill: false });
      held.layers[at].addTo(map);
    });
    outline();
    find("map").dataset.drawn = wanted + " " + (shown?.id || "");
    for (const act of drawn) act();
  });
}
export const repaint = paint;

async function areasOf(wanted, signal) {
  const known = geographies.get(wanted);
  if (known) return known;
  const got = await askJson(data.base + "/areas/" + encodeURIComponent(wanted) + "?limit=10000&f=json", { signal });
  const areas = got.features.filter((one) => one.geometry).map((one) => {
    const rings = one.geometry.type === "Polygon" ? [one.geometry.coordinates] : one.geometry.coordinates;
    return { code: String(one.id), name: String(one.properties.name || one.id), rings, box: L.latLngBounds(rings.flat(2).map(([x, y]) => [y, x])) };
  });
  const layers = areas.map((one) => L.polygon(one.rings.map((rings) => rings.map(turn)), { renderer: panes.areas, pane: "areas", interactive: false }));
  geographies.set(wanted, { areas, layers });
  return { areas, layers };
}

/** @type {Map<string, any[]>} */
const layerLists = new Map();
async function layersOf(wanted, signal) {
  if (!layerLists.has(wanted)) {
    const got = await askJson(data.base + "/explore/layers?geography=" + encodeURIComponent(wanted), { signal });
    layerLists.set(wanted, got.layers);
  }
  return layerLists.get(wanted) || [];
}
/** Layers of the areas as they are now. */
export const layersNow = () => layerLists.get(state.areas) || [];

/**
 * Area of the map in which a point lies.
 * @param {Point} at
 * @returns {Area | null}
 */
export function areaAt(at) {
  const inside = (ring) => {
    let hit = false;
    for (let a = 0, b = ring.length - 1; a < ring.length; b = a++) {
      const [xa, ya] = ring[a], [xb, yb] = ring[b];
      if ((ya > at[1]) !== (yb > at[1]) && at[0] < ((xb - xa) * (at[1] - ya)) / (yb - ya) + xa) hit = !hit;
    }
    return hit;
  };
  return areasNow().find((one) => one.box.contains([at[1], at[0]]) &&
    one.rings.some((rings) => inside(rings[0]) && !rings.slice(1).some(inside))) || null;
}

/** @param {Area | null} area */
function brief(area) {
  if (!area) return "";
  const figures = shown?.areas[area.code];
  return area.name + (figures?.[1] ? ": " + figures[1] + (figures[2] ? " (" + figures[2] + ")" : "") : "");
}

/** Outline the chosen place, of whatever geography. */
async function outline() {
  const code = state.place;
  if (mark) { mark.remove(); mark = null; }
  if (!code) return;
  let found = null;
  for (const one of geographies.values()) found = found || one.areas.find((area) => area.code === code);
  let rings = found?.rings;
  if (!rings) {
    try {
      const held = await askJson(data.base + "/search?f=json&limit=5&q=" + encodeURIComponent(code));
      const area = held.found.find((one) => one.kind === "area" && one.id === code);
      if (!area) return;
      const got = await askJson(data.base + "/areas/" + encodeURIComponent(area.geography) + "/" + encodeURIComponent(code) + "?f=json");
      rings = got.geometry.type === "Polygon" ? [got.geometry.coordinates] : got.geometry.coordinates;
    } catch { return; }
  }
  if (!rings || code !== state.place) return;
  if (mark) mark.remove();
  const line = (color, weight) => L.polygon(rings.map((one) => one.map(turn)), { renderer: panes.picked, pane: "picked", interactive: false, fill: false, color, weight, opacity: 1 });
  mark = L.featureGroup([line("#fff", 7), line("#111", 3.5)]).addTo(map);
  if (!map.getBounds().contains(mark.getBounds())) fit(mark.getBounds());
}

/**
 * A group of shapes on top, of our own pane.
 * @param {any} shapes GeoJSON.
 * @param {{colour?: string, dash?: string, fill?: boolean, radius?: number, weight?: number, name?: (one: any) => string}} [how]
 */
export function overlay(shapes, how = {}) {
  const colour = how.colour || "#7b2d8b", line = how.weight || 3;
  const style = (casing) => ({
    interactive: false, color: casing ? "#fff" : colour, weight: casing ? 2 * line : line, opacity: 1,
    fill: !casing && how.fill !== false, fillColor: colour, fillOpacity: 0.18, dashArray: casing ? undefined : how.dash,
  });
  const dot = (_, at) => L.circleMarker(at, { renderer: panes.top, pane: "top", interactive: false, radius: how.radius || 6, color: "#111", weight: 1.5, fillColor: colour, fillOpacity: 1, fill: true });
  const lines = { type: "FeatureCollection", features: (shapes.features || [shapes]).filter((one) => !/Point/.test(one.geometry?.type || "")) };
  const dots = { type: "FeatureCollection", features: (shapes.features || [shapes]).filter((one) => /Point/.test(one.geometry?.type || "")) };
  return L.featureGroup([
    L.geoJSON(lines, { style: style(true), pane: "top", renderer: panes.top, interactive: false }),
    L.geoJSON(lines, { style: style(false), pane: "top", renderer: panes.top, interactive: false }),
    L.geoJSON(dots, { pointToLayer: dot, pane: "top", interactive: false }),
  ]);
}

/** Square metres under which a gap in what is within reach is no news, but a speck on the map. */
const LEAST_GAP = 20000;

/**
 * A reach as it is drawn: the backs of blocks between the streets, which nobody would set out for, are not left out.
 * @param {any} feature
 */
export function withoutSpecks(feature) {
  const size = (ring) => {
    const [, lat] = ring[0], wide = 111320 * Math.cos((lat * Math.PI) / 180), high = 111320;
    let twice = 0;
    for (let a = 0, b = ring.length - 1; a < ring.length; b = a++) twice += (ring[b][0] - ring[a][0]) * wide * (ring[b][1] + ring[a][1] - 2 * lat) * high;
    return Math.abs(twice) / 2;
  };
  const keep = (rings) => rings.filter((ring, at) => at === 0 || size(ring) >= LEAST_GAP);
  const { type, coordinates } = feature.geometry;
  const kept = type === "Polygon" ? keep(coordinates) : type === "MultiPolygon" ? coordinates.map(keep) : coordinates;
  return { ...feature, geometry: { type, coordinates: kept } };
}

/** @param {Area | null | undefined} area */
export function announceArea(area) {
  if (area) say(brief(area) || area.name);
}

/** Paper is another size than the screen. */
export function paper() {
  let before = null;
  window.addEventListener("beforeprint", () => {
    before = { at: map.getCenter(), zoom: map.getZoom(), bounds: map.getBounds() };
    document.body.classList.add("printing");
    map.invalidateSize({ animate: false });
    map.fitBounds(before.bounds, { animate: false });
  });
  window.addEventListener("afterprint", () => {
    document.body.classList.remove("printing");
    map.invalidateSize({ animate: false });
    if (before) map.setView(before.at, before.zoom, { animate: false });
  });
}

