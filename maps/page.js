"use strict";
// The program of a map page. Text reaches the page through textContent only, never as markup.
function drawMap(map, data) {
  const words = data.words;
  const find = (id) => document.getElementById(id);
  const make = (tag, text, parent) => {
    const made = document.createElement(tag);
    if (text !== undefined && text !== "") { made.textContent = text; made.dir = "auto"; }
    if (parent) parent.append(made);
    return made;
  };
  const degrees = (steps) => steps / data.steps;
  const say = (text) => { find("spoken").textContent = text; };
  const unpack = (packed, at) => packed.of[packed.at[at]];
  const layers = new Map(data.layers.map((one) => [one.id, one]));
  const fillLayers = data.layers.filter((one) => one.kind === "fill");
  const state = { fill: null, on: new Set(), area: null, contrast: false, online: null };
  const noted = data.layers.find((one) => one.kind === "fill" && one.shown);

  // Shapes: differences of whole steps become corners, [latitude, longitude].
  function corners(flat) {
    const out = [];
    let x = 0, y = 0;
    for (let at = 0; at < flat.length; at += 2) {
      x += flat[at]; y += flat[at + 1];
      out.push([degrees(y), degrees(x)]);
    }
    return out;
  }
  function decode(shape) {
    if (shape.t === "a") return shape.c.map((polygon) => polygon.map(corners));
    if (shape.t === "l") return shape.c.map(corners);
    return corners(shape.c);
  }
  for (const held of Object.values(data.sets)) held.at = held.shapes.map(decode);

  function inRing(ring, lat, lon) {
    let inside = false;
    for (let a = 0, b = ring.length - 1; a < ring.length; b = a++) {
      const [ya, xa] = ring[a], [yb, xb] = ring[b];
      if ((ya > lat) !== (yb > lat) && lon < ((xb - xa) * (lat - ya)) / (yb - ya) + xa) inside = !inside;
    }
    return inside;
  }
  const holds = (polygons, lat, lon) => polygons.some(
    (rings) => inRing(rings[0], lat, lon) && !rings.slice(1).some((ring) => inRing(ring, lat, lon)));
  function areaAt(held, lat, lon) {
    return held.shapes.findIndex((shape, at) => shape.t === "a" && holds(held.at[at], lat, lon));
  }
  // What the lines on the map enclose at a point, or run past it within a finger's breadth; the smallest first.
  function linesAt(point) {
    const to = map.latLngToLayerPoint(point), size = (corners) => {
      const box = L.latLngBounds(corners.flat(Infinity).flatMap((one, at, all) => at % 2 ? [[all[at - 1], one]] : []));
      return (box.getNorth() - box.getSouth()) * (box.getEast() - box.getWest());
    };
    const passes = (line) => line.map((one) => map.latLngToLayerPoint(one)).some(
      (one, at, all) => at > 0 && L.LineUtil.pointToSegmentDistance(to, all[at - 1], one) <= 8);
    const found = data.layers.filter((one) => one.kind === "line" && state.on.has(one.id)).flatMap((layer) => {
      const held = data.sets[layer.set];
      return held.shapes.flatMap((shape, at) => {
        const hit = shape.t === "a" ? holds(held.at[at], point.lat, point.lng) : shape.t === "l" && held.at[at].some(passes);
        return hit ? [{ layer, at, size: size(held.at[at]) }] : [];
      });
    });
    return found.sort((a, b) => a.size - b.size);
  }
  const middle = (held, at) => [degrees(held.middles[2 * at + 1]), degrees(held.middles[2 * at])];

  // Panes: water and green, areas, roads and railways, lines, points, names.
  const pane = (name, level, events) => {
    const made = map.createPane(name);
    made.style.zIndex = level;
    if (!events) made.style.pointerEvents = "none";
    // Shapes say nothing when they are read out, one by one; the table holds the same figures.
    made.setAttribute("aria-hidden", "true");
    return data.canvas ? L.canvas({ pane: name, padding: 0.3 }) : L.svg({ pane: name, padding: 0.5 });
  };
  const renderers = {
    under: pane("under", 350, false), areas: pane("areas", 400, true), over: pane("over", 420, false),
    lines: pane("lines", 440, false), points: pane("points", 460, true), mark: pane("mark", 470, false),
  };
  pane("names", 480, false);
  canvasPatterns(data.tiles);

  const path = (shape, at, options) => {
    if (shape.t === "a") return L.polygon(at, options);
    if (shape.t === "l") return L.polyline(at, { ...options, fill: false });
    return L.featureGroup(at.map((point) => L.circleMarker(point, { ...options, radius: 6 })));
  };
  // A vector path with an event would be a tab stop without a name; the table holds the same figures.
  map.on("layeradd", (event) => setTimeout(() => {
    const drawn = event.layer._path;
    if (drawn) drawn.setAttribute("tabindex", "-1");
  }));

  const groups = new Map();
  const opacity = () => (state.online ? 0.72 : 1);
  function edge(layer, at) {
    return state.contrast ? { color: "#000", weight: 2 } : { color: layer.borders[at], weight: layer.line[1] };
  }
  function area(layer, at) {
    return { ...edge(layer, layer.fill[at]), fillColor: layer.fills[layer.fill[at]], fillOpacity: opacity(), opacity: 1 };
  }
  function groupOf(key) {
    if (groups.has(key)) return groups.get(key);
    const held = data.sets[key];
    const group = L.featureGroup(held.shapes.map((shape, at) => {
      const made = path(shape, held.at[at], { renderer: renderers.areas, pane: "areas" });
      made.on("mouseover", () => { find("under").textContent = brief(state.fill, at); });
      made.on("mouseout", () => { find("under").textContent = ""; });
      made.on("click", (event) => { L.DomEvent.stop(event); openArea(state.fill, at, event.latlng); });
      return made;
    }));
    groups.set(key, group);
    return group;
  }
  function brief(layer, at) {
    const value = unpack(layer.values, at) || unpack(layer.classes, at);
    return data.sets[layer.set].names[at] + (value ? ": " + value : "");
  }
  function names(layer) {
    const held = data.sets[layer.set];
    return L.layerGroup(held.names.map((name, at) => {
      const box = document.createElement("span");
      box.textContent = name; box.dir = "auto";
      if (layer.kind === "point") box.dataset.point = "1";
      return L.marker(middle(held, at), {
        pane: "names", interactive: false, keyboard: false,
        icon: L.divIcon({ className: "areaname", html: box, iconSize: [0, 0], iconAnchor: [0, layer.kind === "point" ? 17 : 0] }),
      });
    }));
  }
  // A place has the shape of its kind, so that no two kinds are told by colour alone.
  const Mark = L.CircleMarker.extend({
    _updatePath() {
      const { x, y } = this._point, renderer = this._renderer;
      const at = this.options.corners.map((one) => [x + one[0], y + one[1]]);
      if (renderer instanceof L.SVG) return renderer._setPath(this, this._empty() ? "M0 0" : "M" + at.join("L") + "Z");
      if (!renderer._drawing || this._empty()) return;
      renderer._ctx.beginPath();
      at.forEach((one, place) => renderer._ctx[place ? "lineTo" : "moveTo"](one[0], one[1]));
      renderer._ctx.closePath();
      renderer._fillStroke(renderer._ctx, this);
    },
  });
  function overlayOf(layer) {
    if (groups.has(layer.id)) return groups.get(layer.id);
    const held = data.sets[layer.set];
    const made = [];
    if (layer.kind === "line") {
      const width = Math.max(1.5, layer.line[1]);
      // A white casing keeps the line apart from whatever colour lies under it.
      for (const [colour, extra] of [["#fff", 2.5], [layer.line[0], 0]]) {
        held.shapes.forEach((shape, at) => made.push(path(shape, held.at[at], {
          renderer: renderers.lines, pane: "lines", interactive: false, fill: false,
          color: colour, weight: width + extra, opacity: 1, dashArray: extra ? null : layer.dash.join(" ") || null,
        })));
      }
    } else {
      held.shapes.forEach((shape, at) => {
        const { corners, hollow } = layer.marks[layer.fill[at]];
        const dot = new Mark(middle(held, at), {
          renderer: renderers.points, pane: "points", radius: 9, color: hollow || "#111", weight: hollow ? 3 : 1.5,
          fillColor: hollow ? "#fff" : layer.fills[layer.fill[at]], fillOpacity: 1, corners,
        });
        dot.on("mouseover", () => { find("under").textContent = brief(layer, at); });
        dot.on("mouseout", () => { find("under").textContent = ""; });
        dot.on("click", (event) => { L.DomEvent.stop(event); openArea(layer, at, event.latlng); });
        made.push(dot);
      });
    }
    if (layer.labelled) made.push(names(layer));
    const group = L.layerGroup(made);
    groups.set(layer.id, group);
    return group;
  }
  const backdrop = L.layerGroup(data.backdrop.flatMap((one) => one.shapes.map((shape) => path(shape, decode(shape), {
    renderer: one.over ? renderers.over : renderers.under, pane: one.over ? "over" : "under", interactive: false,
    color: one.colour, weight: one.width, opacity: one.over ? 0.65 : 1, fill: one.filled && shape.t === "a",
    fillColor: one.colour, fillOpacity: 1,
  }))));

  function showFill(id) {
    const layer = layers.get(id);
    if (!layer) return;
    const before = state.fill;
    if (before && before.set !== layer.set) groupOf(before.set).remove();
    if (before && before.labelled && groups.has("names-" + before.id)) groups.get("names-" + before.id).remove();
    state.fill = layer;
    const group = groupOf(layer.set);
    let at = 0;
    group.eachLayer((one) => one.setStyle(area(layer, at++)));
    group.addTo(map);
    if (layer.labelled) {
      if (!groups.has("names-" + layer.id)) groups.set("names-" + layer.id, names(layer));
      groups.get("names-" + layer.id).addTo(map);
    }
    const choice = document.querySelector('#layers input[value="' + id + '"]');
    if (choice) choice.checked = true;
    map.closePopup();
    follow();
    if (!before || before.set !== layer.set) fillChoices();
    compare();
  }
  function showOverlay(id, on) {
    const box = document.querySelector('#overlays input[value="' + id + '"]');
    if (box) box.checked = on;
    if (on) state.on.add(id); else state.on.delete(id);
    if (id === "backdrop") { if (on) backdrop.addTo(map); else backdrop.remove(); } else if (id === "online") showOnline(on);
    else if (layers.has(id)) { if (on) overlayOf(layers.get(id)).addTo(map); else overlayOf(layers.get(id)).remove(); }
    follow();
  }
  function showOnline(on) {
    if (!data.online) return;
    if (state.online) state.online.remove();
    document.body.classList.toggle("online", on);
    state.online = on ? L.tileLayer(data.online.url, { attribution: data.online.attribution, maxZoom: 19 }).addTo(map) : null;
    if (state.fill) showFill(state.fill.id);
  }
  // Legends, caveats and tables belong to layers and come and go with them.
  function follow() {
    const visible = (id) => (state.fill && state.fill.id === id) || state.on.has(id);
    for (const one of document.querySelectorAll("[data-layer]")) one.hidden = !visible(one.dataset.layer);
    const leads = data.layers.filter((one) => visible(one.id) && one.lead).map((one) => one.lead);
    const lead = find("lead");
    lead.textContent = [...new Set(leads)].join(" ");
    lead.hidden = leads.length === 0;
    for (const one of document.querySelectorAll(".leaflet-bottom")) one.style.bottom = (getComputedStyle(find("foot")).position === "absolute" ? find("foot").offsetHeight : 0) + "px";
    document.documentElement.style.setProperty("--foot", find("foot").offsetHeight + "px");
    // A legend longer than its box is scrolled by the keyboard too.
    const legends = find("legends");
    if (legends.scrollHeight > legends.clientHeight + 1) legends.tabIndex = 0; else legends.removeAttribute("tabindex");
    remember();
  }

  // What the legend and the caveat cover, at the right and at the bottom.
  function margins() {
    const over = (box) => getComputedStyle(box).position === "absolute";
    const legends = find("legends"), foot = find("foot");
    return [over(legends) ? legends.offsetWidth + 20 : 12, over(foot) ? foot.offsetHeight + 12 : 12];
  }

  // Pop-ups.
  let marked = null;
  function openArea(layer, at, where) {
    const held = data.sets[layer.set];
    const box = document.createElement("div");
    make("h2", held.names[at], box);
    const list = make("dl", "", box);
    const line = (term, text) => { if (text) { make("dt", term, list); make("dd", text, list); } };
    const value = unpack(layer.values, at), range = unpack(layer.ranges, at), base = unpack(layer.bases, at);
    make("p", layer.label, box).className = "hint";
    box.append(list);
    line(words.figure, value);
    line(words.range, range && layer.facts[0] ? range + " (" + layer.facts[0] + ")" : range);
    line(words.base, base);
    if (layer === state.fill || state.on.has(layer.id)) line(words.class, unpack(layer.classes, at));
    line(words.period, layer.facts[1]);
    line(words.source, layer.facts[2]);
    line(words.code, held.codes[at]);
    const point = where || L.latLng(middle(held, at));
    const also = linesAt(point).filter((one) => one.layer.set !== layer.set || one.at !== at).map((one) => {
      const name = data.sets[one.layer.set].names[one.at];
      return name === one.layer.label ? name : name + " (" + one.layer.label + ")";
    });
    line(words.also_here, also.join("; "));
    mark(held, at);
    state.area = held.codes[at];
    const room = margins();
    L.popup({ maxWidth: Math.min(340, map.getSize().x - 70), minWidth: 150, autoPanPaddingTopLeft: [10, 50],
      autoPanPaddingBottomRight: [room[0] + 15, room[1]] }).setLatLng(point).setContent(box).openOn(map);
    const button = document.querySelector(".leaflet-popup-close-button");
    if (button) button.setAttribute("aria-label", words.close);
    // Who comes to it by keys hears whose figures stand in it.
    const frame = box.closest(".leaflet-popup");
    if (frame) { frame.setAttribute("role", "group"); frame.setAttribute("aria-label", held.names[at]); }
    const kind = layer === state.fill || state.on.has(layer.id) ? unpack(layer.classes, at) : "";
    say([held.names[at], layer.label, value || kind, range && (layer.facts[0] || words.range) + ": " + range, base,
      value && kind !== value && kind, layer.facts[1]].filter(Boolean).join(", "));
    remember();
  }
  function mark(held, at) {
    if (marked) marked.remove();
    marked = null;
    if (held.shapes[at].t !== "a") return;
    const line = (color, weight) => L.polygon(held.at[at], {
      renderer: renderers.mark, pane: "mark", interactive: false, fill: false, color, weight, opacity: 1 });
    marked = L.layerGroup([line("#fff", 6), line("#111", 3)]).addTo(map);
  }
  // What is at a point: the coloured area, else the smallest thing a line encloses; the rest stands under it.
  function ask(point) {
    const hit = state.fill ? areaAt(data.sets[state.fill.set], point.lat, point.lng) : -1;
    const [first] = hit < 0 ? linesAt(point) : [{ layer: state.fill, at: hit }];
    if (first) openArea(first.layer, first.at, point);
    else say(words.nothing_here);
    return Boolean(first);
  }
  map.on("click", (event) => { ask(event.latlng); });
  find("map").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === find("map")) ask(map.getCenter());
  });
  map.on("popupclose", () => { if (marked) marked.remove(); marked = null; state.area = null; remember(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") map.closePopup(); });

  // Search.
  const fold = (text) => text.normalize("NFD").replace(/[\u0300-\u036f\s.,'’-]/g, "").toLowerCase()
    .replace(/\u0142/g, "l").replace(/ø/g, "o").replace(/\u0111/g, "d").replace(/ß/g, "ss");
  const index = [];
  for (const [key, held] of Object.entries(data.sets)) {
    const layer = data.layers.find((one) => one.set === key && one.kind === "fill") || data.layers.find((one) => one.set === key);
    if (!layer) continue;
    held.names.forEach((name, at) => index.push({ name, folds: [fold(name), fold(held.codes[at])], layer, at,
      kind: held.codes[at] === name ? "" : held.codes[at] }));
  }
  for (const [kind, ...rest] of data.places) {
    for (let at = 0; at < rest.length; at += 3) {
      index.push({ name: rest[at], folds: [fold(rest[at])], kind, where: [degrees(rest[at + 2]), degrees(rest[at + 1])] });
    }
  }
  const input = find("search"), found = find("found");
  let hits = [], chosen = -1;
  function look() {
    const wanted = fold(input.value);
    if (wanted.length < 2) return closeList();
    const starts = [], holds = [];
    for (const one of index) {
      if (one.folds.some((text) => text.startsWith(wanted))) starts.push(one);
      else if (holds.length < 12 && one.folds.some((text) => text.includes(wanted))) holds.push(one);
      if (starts.length >= 12) break;
    }
    hits = [...starts, ...holds].slice(0, 12);
    found.replaceChildren(...hits.map((one, at) => {
      const item = document.createElement("li");
      item.id = "found-" + at;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      make("span", one.name, item);
      if (one.kind) item.append(" ", make("span", "(" + one.kind + ")"));
      item.addEventListener("mousedown", (event) => { event.preventDefault(); take(at); });
      return item;
    }));
    found.hidden = hits.length === 0;
    input.setAttribute("aria-expanded", String(hits.length > 0));
    say(hits.length ? words.search_some.replace("{count}", hits.length) : words.search_none);
    choose(hits.length ? 0 : -1);
  }
  function choose(at) {
    chosen = at;
    [...found.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === at)));
    if (at >= 0) { input.setAttribute("aria-activedescendant", "found-" + at); found.children[at].scrollIntoView({ block: "nearest" }); }
    else input.removeAttribute("aria-activedescendant");
  }
  function closeList() {
    found.hidden = true; hits = []; chosen = -1;
    input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant");
  }
  function take(at) {
    const one = hits[at];
    if (!one) return;
    input.value = one.name;
    closeList();
    find("map").scrollIntoView({ block: "nearest" });
    if (one.layer) return goTo(one.layer, one.at);
    map.setView(one.where, Math.max(map.getZoom(), 15), { animate: false });
    if (!ask(L.latLng(one.where))) L.popup().setLatLng(one.where).setContent(make("p", one.name)).openOn(map);
  }
  function goTo(layer, at) {
    // The colours stay as the reader chose them; an area of another kind is outlined over them.
    if (layer.kind === "fill") {
      if (state.fill && state.fill.set === layer.set) layer = state.fill;
    } else if (!state.on.has(layer.id)) showOverlay(layer.id, true);
    const held = data.sets[layer.set];
    const shape = held.shapes[at];
    if (shape.t === "a") map.fitBounds(L.latLngBounds(held.at[at].flat(2)), {
      maxZoom: 15, paddingTopLeft: [40, 40], paddingBottomRight: margins(), animate: false });
    else map.setView(middle(held, at), 15, { animate: false });
    openArea(layer, at);
  }
  input.addEventListener("input", look);
  input.addEventListener("blur", closeList);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (hits.length) choose((chosen + (event.key === "ArrowDown" ? 1 : hits.length - 1)) % hits.length);
    } else if (event.key === "Enter") { event.preventDefault(); take(chosen); } else if (event.key === "Escape") closeList();
  });

  // Two areas side by side.
  const picks = [find("first"), find("second")];
  function fillChoices() {
    const held = data.sets[state.fill.set];
    const order = held.names.map((name, at) => [name, at]).sort((a, b) => a[0].localeCompare(b[0], document.documentElement.lang, { numeric: true }));
    for (const pick of picks) {
      pick.replaceChildren(new Option(words.choose, ""), ...order.map(([name, at]) => new Option(name, at)));
    }
  }
  // The table is not read out each time one of its cells changes: one sentence says that it is there.
  function compare() {
    const into = find("compared");
    into.replaceChildren();
    if (!state.fill || picks.some((pick) => pick.value === "")) return;
    const held = data.sets[state.fill.set], at = picks.map((pick) => Number(pick.value));
    const table = make("table", "", into);
    make("caption", words.compare_caption, table);
    const head = make("tr", "", make("thead", "", table));
    for (const text of [words.figure, ...at.map((one) => held.names[one])]) make("th", text, head).scope = "col";
    const body = make("tbody", "", table);
    for (const layer of fillLayers.filter((one) => one.set === state.fill.set)) {
      const row = make("tr", "", body);
      const about = make("th", layer.label, row);
      about.scope = "row";
      // A space between the lines of a cell, or they are read as one word.
      const hint = (text, cell) => { if (text) { cell.append(" "); make("span", text, cell).className = "hint"; } };
      hint([layer.facts[1], layer.facts[0] && words.range + ": " + layer.facts[0]].filter(Boolean).join("; "), about);
      for (const one of at) {
        const range = unpack(layer.ranges, one), kind = unpack(layer.classes, one);
        const cell = make("td", (unpack(layer.values, one) || kind) + (range ? " (" + range + ")" : ""), row);
        hint(unpack(layer.bases, one), cell);
        // Elsewhere the figure itself says its class.
        if (layer.judged) hint(kind, cell);
      }
    }
  }
  for (const pick of picks) pick.addEventListener("change", () => {
    compare();
    if (find("compared").firstChild) say(words.compared.replace(/\{(first|second)\}/g, (blank) =>
      picks[blank === "{first}" ? 0 : 1].selectedOptions[0].text));
  });

  // Groups of controls are one tab stop each; arrow keys move within.
  function rove(holder, selector) {
    const all = [...holder.querySelectorAll(selector)];
    all.forEach((one, at) => { one.tabIndex = at ? -1 : 0; });
    holder.addEventListener("focusin", (event) => {
      if (all.includes(event.target)) all.forEach((one) => { one.tabIndex = one === event.target ? 0 : -1; });
    });
    holder.addEventListener("keydown", (event) => {
      const at = all.indexOf(document.activeElement);
      const move = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : move && at >= 0 ? (at + move + all.length) % all.length : -1;
      if (to < 0) return;
      event.preventDefault();
      all[to].focus();
    });
  }
  rove(find("moves"), "button");
  rove(find("tools"), "button");
  if (find("overlays")) {
    rove(find("overlays"), "input");
    find("overlays").addEventListener("change", (event) => showOverlay(event.target.value, event.target.checked));
  }
  if (find("layers")) find("layers").addEventListener("change", (event) => {
    showFill(event.target.value);
    // Once the page is still: among the changes of a whole layer a screen reader drops what is said.
    setTimeout(() => say(words.layer_shown.replace("{label}", () => state.fill.label)), 300);
  });

  const whole = L.latLngBounds([[data.bounds[1], data.bounds[0]], [data.bounds[3], data.bounds[2]]]);
  const fit = () => map.fitBounds(whole, { animate: false, paddingTopLeft: [12, 12], paddingBottomRight: margins() });
  find("moves").addEventListener("click", (event) => {
    const move = event.target.closest("button")?.dataset.move;
    const pan = { left: [-0.3, 0], right: [0.3, 0], up: [0, -0.3], down: [0, 0.3] }[move];
    const size = map.getSize();
    if (pan) map.panBy([pan[0] * size.x, pan[1] * size.y], { animate: false });
    else if (move === "in") map.zoomIn(0.5);
    else if (move === "out") map.zoomOut(0.5);
    else if (move === "whole") fit();
  });
  find("tools").addEventListener("click", (event) => {
    const button = event.target.closest("button"), tool = button?.dataset.tool;
    if (tool === "print") window.print();
    if (tool === "contrast") {
      state.contrast = !state.contrast;
      button.setAttribute("aria-pressed", String(state.contrast));
      document.body.classList.toggle("contrast", state.contrast);
      if (state.fill) showFill(state.fill.id);
    }
    if (tool === "link") {
      remember();
      const copied = navigator.clipboard ? navigator.clipboard.writeText(location.href) : Promise.reject(new Error());
      copied.then(() => say(words.link_done), () => say(words.link_failed));
    }
  });

  // The name of a point stands above its mark, or below or beside it where another name is in the way; one
  // that finds no room is left out until the map is closer.
  const SIDES = ["translate(-50%,calc(-100% + 9px))", "translate(-50%,25px)", "translate(11px,calc(-50% + 17px))", "translate(calc(-100% - 11px),calc(-50% + 17px))"];
  let spacing = 0;
  function spaceNames() {
    const kept = [];
    // A name hides no mark of its layer where another side is free, and never runs under the key.
    const frame = map.getContainer().getBoundingClientRect();
    const marks = data.layers.filter((one) => one.kind === "point" && one.labelled && state.on.has(one.id)).flatMap((layer) =>
      data.sets[layer.set].codes.map((code, at) => {
        const { x, y } = map.latLngToContainerPoint(middle(data.sets[layer.set], at));
        return { left: frame.left + x - 6, right: frame.left + x + 6, top: frame.top + y - 6, bottom: frame.top + y + 6 };
      }));
    const key = [find("legends").getBoundingClientRect()];
    const hits = (at, all) => all.some((one) => at.left < one.right && at.right > one.left && at.top < one.bottom && at.bottom > one.top);
    // Half a name at the edge of the map says less than none; the table has them all.
    const cut = (at, all) => at.left < all.left || at.right > all.right || at.top < all.top || at.bottom > all.bottom;
    for (const box of document.querySelectorAll(".areaname span")) {
      box.style.visibility = "hidden";
      const tries = box.dataset.point ? [...SIDES.map((side) => [side, [...marks, ...key]]), ...SIDES.map((side) => [side, key])] : [["", key]];
      for (const [side, shy] of tries) {
        box.style.transform = side;
        const at = box.getBoundingClientRect();
        if (hits(at, kept) || hits(at, shy) || (box.dataset.point && cut(at, frame))) continue;
        kept.push(at);
        box.style.visibility = "";
        break;
      }
    }
  }

  // The address holds the view, so that a link shows what its sender saw.
  let ready = false, waiting = 0;
  function remember() {
    if (!ready) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const at = map.getCenter();
      const parts = ["at=" + [at.lat.toFixed(5), at.lng.toFixed(5), map.getZoom().toFixed(2)].join(",")];
      if (state.fill) parts.unshift("layer=" + state.fill.id);
      parts.push("with=" + [...state.on].sort().join(","));
      if (state.area) parts.push("area=" + encodeURIComponent(state.area));
      try { history.replaceState(null, "", "#" + parts.join("&")); } catch (refused) { location.hash = parts.join("&"); }
    }, 150);
  }
  function plain(text) {
    // An address that somebody cut short may end in half a sign.
    try { return decodeURIComponent(text); } catch (broken) { return text; }
  }
  function recall() {
    const held = new Map(location.hash.slice(1).split("&").filter((part) => part.includes("=")).map((part) => {
      const cut = part.indexOf("=");
      return [part.slice(0, cut), plain(part.slice(cut + 1))];
    }));
    if (held.size === 0) return false;
    if (layers.get(held.get("layer"))?.kind === "fill") showFill(held.get("layer"));
    if (held.has("with")) {
      const on = new Set(held.get("with").split(","));
      for (const box of document.querySelectorAll("#overlays input")) {
        // A link never switches the internet on; that stays the reader's own act.
        const wanted = on.has(box.value) && box.value !== "online";
        if (wanted !== state.on.has(box.value)) showOverlay(box.value, wanted);
      }
    }
    const at = (held.get("at") || "").split(",").map(Number);
    if (at.length === 3 && at.every(Number.isFinite)) map.setView([at[0], at[1]], at[2], { animate: false });
    if (held.has("area")) {
      const order = [state.fill, ...data.layers].filter(Boolean);
      const owner = order.find((one) => data.sets[one.set].codes.includes(held.get("area")));
      if (owner) openArea(owner, data.sets[owner.set].codes.indexOf(held.get("area")));
    }
    return at.length === 3;
  }

  map.attributionControl.setPrefix(false);
  const Scale = L.Control.Scale.extend({
    _updateMetric(most) {
      const metres = this._getRoundNum(most), far = metres >= 1000;
      const text = (far ? words.scale_kilometres : words.scale_metres).replace("{number}", far ? metres / 1000 : metres);
      this._updateScale(this._mScale, text, metres / most);
    },
  });
  const scale = new Scale({ imperial: false, position: "bottomleft" }).addTo(map);
  // A length without its bar tells nothing by ear.
  scale.getContainer().setAttribute("aria-hidden", "true");
  fit();
  if (noted) showFill(noted.id);
  for (const one of data.layers) if (one.kind !== "fill" && one.shown) showOverlay(one.id, true);
  if (data.backdrop.length) showOverlay("backdrop", true);
  follow();
  if (!recall()) fit();
  ready = true;
  map.on("moveend zoomend", remember);
  map.on("moveend zoomend layeradd", () => { clearTimeout(spacing); spacing = setTimeout(spaceNames, 50); });
  spaceNames();
  window.addEventListener("hashchange", recall);
  window.addEventListener("resize", follow);
  let before = null;
  const paper = (on) => {
    if (on) {
      const seen = map.getBounds();
      before = { at: map.getCenter(), zoom: map.getZoom(), bounds: seen.contains(whole) ? whole : seen };
    }
    document.body.classList.toggle("printing", on);
    map.invalidateSize({ animate: false });
    if (on) map.fitBounds(before.bounds, { animate: false });
    else if (before) map.setView(before.at, before.zoom, { animate: false });
    spaceNames();
  };
  window.addEventListener("beforeprint", () => { paper(true); });
  window.addEventListener("afterprint", () => { paper(false); });
  find("map").dataset.drawn = "yes";
}
