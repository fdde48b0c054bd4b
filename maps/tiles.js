"use strict";
// Reads a PMTiles archive (specification version 3) and draws it with MapLibre.
(() => {
  const data = JSON.parse(document.getElementById("map-data").textContent);
  const find = (id) => document.getElementById(id);

  // Bytes of the archive: from the page itself, or by range from its server.
  const inside = find("archive").textContent.trim();
  let whole = inside ? Uint8Array.from(atob(inside), (sign) => sign.charCodeAt(0)) : null;
  const file = data.address || document.title;
  const said = (text, fill) => text.replace(/\{(\w+)\}/g, (_, name) => fill[name] ?? "");
  const trouble = (text) => { find("trouble").textContent = text; find("trouble").hidden = false; };
  class Trouble extends Error {}
  const absent = (reason) => new Trouble(said(data.words.tiles_absent, { file, reason }));
  const damaged = () => new Trouble(said(data.words.tiles_damaged, { file }));
  async function bytes(offset, length) {
    if (!whole) {
      let answer;
      try {
        answer = await fetch(data.address, { headers: { Range: "bytes=" + offset + "-" + (offset + length - 1) } });
      } catch (error) { throw absent(error.message); }
      if (!answer.ok) throw absent(answer.status + " " + answer.statusText);
      const held = new Uint8Array(await answer.arrayBuffer());
      if (answer.status === 206) return held;
      // A server that gives no parts has given the whole.
      whole = held;
    }
    return whole.subarray(offset, offset + length);
  }
  async function unzip(held, how) {
    if (how !== 2) return held;
    const stream = new Blob([held]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }
  async function readHeader() {
    const head = (await bytes(0, 127)).slice();
    if (head.length < 127 || String.fromCharCode(...head.subarray(0, 7)) !== "PMTiles" || head[7] !== 3) throw damaged();
    const view = new DataView(head.buffer);
    const long = (at) => Number(view.getBigUint64(at, true));
    return {
      root: [long(8), long(16)], leaves: long(40), tiles: long(56),
      packed: view.getUint8(97), zipped: view.getUint8(98), least: view.getUint8(100), most: view.getUint8(101),
    };
  }
  // A directory: numbers of variable length, ids as differences, offsets that may follow on.
  function readDirectory(held) {
    let at = 0;
    const next = () => {
      let value = 0, scale = 1, one;
      do { one = held[at++]; value += (one & 127) * scale; scale *= 128; } while (one & 128);
      return value;
    };
    const entries = Array.from({ length: next() }, () => ({}));
    let id = 0;
    for (const one of entries) one.id = id += next();
    for (const one of entries) one.run = next();
    for (const one of entries) one.length = next();
    entries.forEach((one, place) => {
      const offset = next();
      one.offset = offset === 0 ? entries[place - 1].offset + entries[place - 1].length : offset - 1;
    });
    return entries;
  }
  // Place of a tile on the Hilbert curve, after all tiles of smaller zooms.
  function tileId(z, x, y) {
    let id = (4 ** z - 1) / 3;
    for (let half = 2 ** z / 2; half >= 1; half /= 2) {
      const right = (x & half) > 0 ? 1 : 0, low = (y & half) > 0 ? 1 : 0;
      id += half * half * ((3 * right) ^ low);
      if (low === 0) {
        if (right === 1) { x = half - 1 - x; y = half - 1 - y; }
        [x, y] = [y, x];
      }
    }
    return id;
  }
  const directories = new Map();
  async function directory(header, offset, length) {
    if (!directories.has(offset)) {
      directories.set(offset, bytes(offset, length).then((held) => unzip(held, header.packed)).then(readDirectory));
    }
    return directories.get(offset);
  }
  async function tile(header, z, x, y) {
    const id = tileId(z, x, y);
    let [offset, length] = header.root;
    for (let depth = 0; depth < 4; depth++) {
      const entries = await directory(header, offset, length);
      let low = 0, high = entries.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (entries[middle].id <= id) low = middle; else high = middle - 1;
      }
      const one = entries[low];
      if (!one || one.id > id) return null;
      if (one.run > 0) return id < one.id + one.run ? unzip(await bytes(header.tiles + one.offset, one.length), header.zipped) : null;
      [offset, length] = [header.leaves + one.offset, one.length];
    }
    return null;
  }

  function pattern(one) {
    const pad = document.createElement("canvas");
    pad.width = pad.height = 16;
    const pen = pad.getContext("2d");
    pen.scale(2, 2);
    pen.fillStyle = one.colour;
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = one.ink;
    pen.lineWidth = data.tiles[one.pattern][1];
    pen.lineCap = "round";
    pen.stroke(new Path2D(data.tiles[one.pattern][0]));
    return pen.getImageData(0, 0, 16, 16);
  }

  function room() {
    const legends = find("legends"), foot = find("foot");
    const over = (box) => box && getComputedStyle(box).position === "absolute";
    return { top: 12, left: 12, right: over(legends) ? legends.offsetWidth + 20 : 12, bottom: (over(foot) ? foot.offsetHeight : 0) + 36 };
  }

  async function start() {
    const pad = document.createElement("canvas");
    if (!(pad.getContext("webgl2") || pad.getContext("webgl"))) throw new Trouble(data.words.no_webgl);
    const header = await readHeader();
    maplibregl.addProtocol("archive", async (asked) => {
      const [z, x, y] = asked.url.split("://")[1].split("/").slice(1).map(Number);
      let held;
      try { held = await tile(header, z, x, y); } catch (error) {
        // Told once for all tiles; the library would only write it where nobody looks.
        trouble((error instanceof Trouble ? error : damaged()).message);
      }
      return { data: held ? held.slice().buffer : new ArrayBuffer(0) };
    });
    const plain = ["match", ["get", "code"]];
    for (const one of data.classes) plain.push(one.codes, one.colour);
    plain.push("#ffffff");
    const areas = { source: "areas", "source-layer": data.layer };
    const map = new maplibregl.Map({
      container: "map", locale: { ...data.locale, "Map.Title": find("map").dataset.name }, attributionControl: false, dragRotate: false, pitchWithRotate: false, fadeDuration: 0,
      bounds: data.bounds, fitBoundsOptions: { padding: room() },
      style: {
        version: 8,
        sources: { areas: { type: "vector", tiles: ["archive://t/{z}/{x}/{y}"], minzoom: header.least, maxzoom: header.most } },
        layers: [
          { id: "ground", type: "background", paint: { "background-color": "#f4f4f2" } },
          { id: "fill", type: "fill", ...areas, paint: { "fill-color": plain, "fill-antialias": false } },
          { id: "edge", type: "line", ...areas, paint: {
            // Far out, borders of a thousand small areas would blacken every city.
            "line-color": data.outline, "line-width": ["interpolate", ["linear"], ["zoom"], 6, 0.05, 10, 0.6, 13, 1.2],
            "line-opacity": ["interpolate", ["linear"], ["zoom"], 6.5, 0, 9.5, 1] } },
        ],
      },
    });
    map.touchZoomRotate.disableRotation();
    map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-left");
    map.addControl(new maplibregl.ScaleControl({ unit: "metric" }), "bottom-left");
    map.on("load", () => {
      data.classes.forEach((one, at) => {
        if (!one.pattern) return;
        map.addImage("pattern-" + at, pattern(one), { pixelRatio: 2 });
        map.addLayer({ id: "pattern-" + at, type: "fill", ...areas, filter: ["match", ["get", "code"], one.codes, true, false],
          paint: { "fill-pattern": "pattern-" + at } }, "edge");
      });
    });
    map.getCanvas().setAttribute("aria-describedby", "help");
    // Below some zoom the smallest areas are in no tile: who sees a gap must know why.
    function tell() {
      const drawn = data.held[Math.max(header.least, Math.floor(map.getZoom()))];
      const few = drawn === undefined ? "" : said(data.words.few_drawn, {
        drawn: drawn.toLocaleString(document.documentElement.lang), count: data.codes.length.toLocaleString(document.documentElement.lang) });
      if (find("few").textContent !== few) find("few").textContent = few;
      find("few").hidden = !few;
      settle();
    }
    // The scale stands above what the foot covers; a key longer than its box is scrolled by keys.
    function settle() {
      const foot = find("foot"), legends = find("legends");
      const over = getComputedStyle(foot).position === "absolute";
      for (const one of document.querySelectorAll(".maplibregl-ctrl-bottom-left")) one.style.bottom = (over ? foot.offsetHeight : 0) + "px";
      if (legends.scrollHeight > legends.clientHeight + 1) legends.tabIndex = 0; else legends.removeAttribute("tabindex");
    }
    map.on("zoomend", tell);
    map.on("resize", settle);
    tell();
    map.fitBounds(data.bounds, { padding: room(), animate: false });
    const place = new Map(data.codes.map((code, at) => [code, at]));
    const reaches = new Set(data.uncertain);
    const unpack = (held, at) => held.of[held.at[at]];
    let popup = null, opener = null;
    function show(at, where, from) {
      const box = document.createElement("div");
      const line = (tag, text, into) => { const made = document.createElement(tag); made.textContent = text; made.dir = "auto"; into.append(made); return made; };
      line("h2", data.names[at], box);
      line("p", data.label, box).className = "hint";
      const list = document.createElement("dl");
      box.append(list);
      const [kind, period, source] = data.facts, value = unpack(data.value, at), range = unpack(data.range, at);
      for (const [term, text] of [
        [data.words.figure, value], [data.words.range, range && kind ? range + " (" + kind + ")" : range],
        [data.words.base, unpack(data.base, at)],
        [data.words.class, unpack(data.class, at) + (reaches.has(at) ? "; " + data.words.range_reaches : "")],
        [data.words.period, period], [data.words.source, source], [data.words.code, data.codes[at]],
      ]) if (text) { line("dt", term, list); line("dd", text, list); }
      if (popup) popup.remove();
      opener = from;
      const frame = map.getContainer().getBoundingClientRect(), free = room();
      popup = new maplibregl.Popup({ anchor: "bottom", maxWidth: Math.min(320, frame.width - 24) + "px" }).setLngLat(where).setDOMContent(box).addTo(map);
      const made = popup.getElement();
      made.querySelector(".maplibregl-popup-content").style.maxHeight = Math.max(120, frame.height - free.bottom - 24) + "px";
      // Key and foot lie over the map: the pop-up is moved to where it is seen whole.
      const held = made.getBoundingClientRect();
      const over = [held.right - (frame.right - free.right), held.bottom - (frame.bottom - free.bottom)];
      map.panBy([Math.max(0, over[0]) || Math.min(0, held.left - frame.left - 10), Math.max(0, over[1]) || Math.min(0, held.top - frame.top - 10)], { animate: false });
      find("spoken").textContent = [data.names[at], data.label, value, range].filter(Boolean).join(", ");
    }
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !popup || !popup.isOpen()) return;
      popup.remove();
      if (opener) opener.focus();
    });
    map.on("click", "fill", (event) => {
      const at = place.get(event.features[0].properties.code);
      if (at !== undefined) show(at, event.lngLat, map.getCanvas());
    });
    map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      // Else the same key would press the button that the pop-up puts the focus on.
      event.preventDefault();
      const hit = map.queryRenderedFeatures(map.project(map.getCenter()), { layers: ["fill"] })[0];
      const at = hit && place.get(hit.properties.code);
      if (at === undefined) find("spoken").textContent = data.words.search_none;
      else show(at, map.getCenter(), map.getCanvas());
    });
    // A map that can be dragged can be moved without dragging too.
    // The buttons are one tab stop; arrow keys go from one to the next.
    const moves = [...find("moves").querySelectorAll("button")];
    moves.forEach((one, at) => { one.tabIndex = at ? -1 : 0; });
    find("moves").addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = moves[(moves.indexOf(document.activeElement) + step + moves.length) % moves.length];
      moves.forEach((one) => { one.tabIndex = one === next ? 0 : -1; });
      next.focus();
    });
    find("moves").addEventListener("click", (event) => {
      const pan = { left: [-0.3, 0], right: [0.3, 0], up: [0, -0.3], down: [0, 0.3] }[event.target.closest("button")?.dataset.move];
      const size = map.getContainer().getBoundingClientRect();
      if (pan) map.panBy([pan[0] * size.width, pan[1] * size.height], { animate: false });
    });
    // Search: areas by name or code, places by name; accents and case do not matter.
    const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    const index = [
      ...data.places.map(([name, kind, ...box]) => ({ name, kind, folds: [fold(name)], box: box.map((one) => one / data.steps) })),
      ...data.names.map((name, at) => ({ name, kind: data.codes[at], folds: [fold(name), fold(data.codes[at])], at })),
    ];
    const input = find("search"), found = find("found");
    let hits = [], chosen = -1;
    function choose(at) {
      chosen = at;
      [...found.children].forEach((item, one) => item.setAttribute("aria-selected", String(one === at)));
      if (at < 0) return input.removeAttribute("aria-activedescendant");
      input.setAttribute("aria-activedescendant", "found-" + at);
      found.children[at].scrollIntoView({ block: "nearest" });
    }
    function close() {
      found.hidden = true; hits = []; chosen = -1;
      input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant");
    }
    function look() {
      const wanted = fold(input.value.trim());
      if (wanted.length < 2) return close();
      const exact = [], starts = [], holds = [];
      for (const one of index) {
        if (one.folds.includes(wanted)) exact.push(one);
        else if (starts.length < 12 && one.folds.some((text) => text.startsWith(wanted))) starts.push(one);
        else if (holds.length < 12 && one.folds.some((text) => text.includes(wanted))) holds.push(one);
      }
      hits = [...exact, ...starts, ...holds].slice(0, 12);
      found.replaceChildren(...hits.map((one, at) => {
        const item = document.createElement("li");
        item.id = "found-" + at;
        item.setAttribute("role", "option");
        item.dir = "auto";
        item.textContent = one.name + (one.kind && one.kind !== one.name ? " (" + one.kind + ")" : "");
        item.addEventListener("mousedown", (event) => { event.preventDefault(); take(one); });
        return item;
      }));
      found.hidden = hits.length === 0;
      input.setAttribute("aria-expanded", String(hits.length > 0));
      find("spoken").textContent = hits.length ? said(data.words.search_some, { count: hits.length }) : data.words.search_none;
      choose(hits.length ? 0 : -1);
    }
    function take(one) {
      input.value = one.name;
      close();
      if (popup) popup.remove();
      find("map").scrollIntoView({ block: "nearest" });
      if (one.box) {
        map.fitBounds(one.box, { padding: room(), maxZoom: 14, animate: false });
        find("spoken").textContent = said(data.words.found_place, { name: one.name });
        return;
      }
      const where = [data.middles[2 * one.at] / data.steps, data.middles[2 * one.at + 1] / data.steps];
      map.jumpTo({ center: where, zoom: 12 });
      show(one.at, where, input);
    }
    input.addEventListener("input", look);
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
      if ((event.key !== "ArrowDown" && event.key !== "ArrowUp") || !hits.length) return;
      event.preventDefault();
      choose((chosen + (event.key === "ArrowDown" ? 1 : hits.length - 1)) % hits.length);
    });
    find("seek").addEventListener("submit", (event) => {
      event.preventDefault();
      if (!hits.length) look();
      if (hits.length) take(hits[Math.max(0, chosen)]);
      else find("spoken").textContent = data.words.search_none;
    });
    window.fairplaceMap = map;
    map.once("idle", () => { find("map").dataset.drawn = "yes"; });
  }
  start().catch((error) => {
    trouble(error instanceof Trouble ? error.message : said(data.words.map_failed, { reason: error.message }));
    find("map").dataset.drawn = "no";
  });
})();
