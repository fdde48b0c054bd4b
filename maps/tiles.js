"use strict";
// Reads a PMTiles archive (specification version 3) and draws it with MapLibre.
(() => {
  const data = JSON.parse(document.getElementById("map-data").textContent);
  const find = (id) => document.getElementById(id);

  // Bytes of the archive: from the page itself, or by range from its server.
  const inside = find("archive").textContent.trim();
  const whole = inside ? Uint8Array.from(atob(inside), (sign) => sign.charCodeAt(0)) : null;
  async function bytes(offset, length) {
    if (whole) return whole.subarray(offset, offset + length);
    const answer = await fetch(data.address, { headers: { Range: "bytes=" + offset + "-" + (offset + length - 1) } });
    const held = new Uint8Array(await answer.arrayBuffer());
    return answer.status === 206 ? held : held.subarray(offset, offset + length);
  }
  async function unzip(held, how) {
    if (how !== 2) return held;
    const stream = new Blob([held]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }
  async function readHeader() {
    const view = new DataView((await bytes(0, 127)).slice().buffer);
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
    return { top: 12, left: 12, right: over(legends) ? legends.offsetWidth + 20 : 12, bottom: over(foot) ? foot.offsetHeight + 12 : 12 };
  }

  async function start() {
    const header = await readHeader();
    maplibregl.addProtocol("archive", async (asked) => {
      const [z, x, y] = asked.url.split("://")[1].split("/").slice(1).map(Number);
      const held = await tile(header, z, x, y);
      return { data: held ? held.slice().buffer : new ArrayBuffer(0) };
    });
    const plain = ["match", ["get", "code"]];
    for (const one of data.classes) plain.push(one.codes, one.colour);
    plain.push("#ffffff");
    const areas = { source: "areas", "source-layer": data.layer };
    const map = new maplibregl.Map({
      container: "map", locale: data.locale, attributionControl: false, dragRotate: false, pitchWithRotate: false, fadeDuration: 0,
      bounds: data.bounds, fitBoundsOptions: { padding: room() },
      style: {
        version: 8,
        sources: { areas: { type: "vector", tiles: ["archive://t/{z}/{x}/{y}"], minzoom: header.least, maxzoom: header.most } },
        layers: [
          { id: "ground", type: "background", paint: { "background-color": "#f4f4f2" } },
          { id: "fill", type: "fill", ...areas, paint: { "fill-color": plain, "fill-antialias": false } },
          { id: "edge", type: "line", ...areas, paint: {
            "line-color": data.outline, "line-width": ["interpolate", ["linear"], ["zoom"], 6, 0.05, 10, 0.6, 13, 1.2] } },
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
    const place = new Map(data.codes.map((code, at) => [code, at]));
    function show(at, where) {
      const box = document.createElement("div");
      const line = (tag, text, into) => { const made = document.createElement(tag); made.textContent = text; made.dir = "auto"; into.append(made); };
      line("h2", data.names[at], box);
      const list = document.createElement("dl");
      box.append(list);
      for (const [term, text] of [[data.words.figure, data.values[at]], [data.words.range, data.ranges[at]], [data.words.code, data.codes[at]]]) {
        if (text) { line("dt", term, list); line("dd", text, list); }
      }
      new maplibregl.Popup({ maxWidth: "300px" }).setLngLat(where).setDOMContent(box).addTo(map);
      find("spoken").textContent = [data.names[at], data.label, data.values[at], data.ranges[at]].filter(Boolean).join(", ");
    }
    map.on("click", "fill", (event) => {
      const at = place.get(event.features[0].properties.code);
      if (at !== undefined) show(at, event.lngLat);
    });
    // A map that can be dragged can be moved without dragging too.
    find("moves").addEventListener("click", (event) => {
      const pan = { left: [-0.3, 0], right: [0.3, 0], up: [0, -0.3], down: [0, 0.3] }[event.target.closest("button")?.dataset.move];
      const size = map.getContainer().getBoundingClientRect();
      if (pan) map.panBy([pan[0] * size.width, pan[1] * size.height], { animate: false });
    });
    find("seek").addEventListener("submit", (event) => {
      event.preventDefault();
      const wanted = find("search").value.trim().toLowerCase();
      let at = data.names.findIndex((name, place) => name.toLowerCase() === wanted || data.codes[place].toLowerCase() === wanted);
      if (at < 0 && wanted.length > 1) at = data.names.findIndex((name) => name.toLowerCase().startsWith(wanted));
      if (at < 0) { find("spoken").textContent = data.words.search_none; return; }
      const where = [data.middles[2 * at] / data.steps, data.middles[2 * at + 1] / data.steps];
      map.jumpTo({ center: where, zoom: 12 });
      show(at, where);
    });
    window.fairplaceMap = map;
    map.once("idle", () => { find("map").dataset.drawn = "yes"; });
  }
  start().catch(() => { find("no-webgl").hidden = false; });
})();
