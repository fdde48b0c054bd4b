// What every module shares: the page's data, its words, elements and the live region.

/**
 * @typedef {{id: string, label: string, areas: number}} Geography
 * @typedef {{id: string, kind: string, title: string}} Overlay
 * @typedef {{pack: string, base: string, name: string, authority: string, bounds: number[],
 *   geographies: Geography[], drawn: string[], streets: boolean, overlays: Overlay[], most_sites: number, has: Record<string, boolean>,
 *   tiles: Record<string, [string, number]>, words: Record<string, string>}} PageData
 * @typedef {[number, number]} Point Longitude and latitude in degrees.
 */

/** @type {PageData} */
export const data = JSON.parse(/** @type {HTMLElement} */ (document.getElementById("page-data")).textContent || "");

/**
 * Words of a key, filled.
 * @param {string} key
 * @param {Record<string, string | number>} [fill]
 * @returns {string}
 */
export function words(key, fill = {}) {
  const text = data.words[key];
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in fill ? String(fill[name]) : whole));
}

/**
 * Element of an id that the page always has.
 * @param {string} id
 * @returns {any}
 */
export const find = (id) => document.getElementById(id);

/**
 * Make an element; text is only ever text.
 * @param {string} tag
 * @param {Record<string, any>} [traits] `text`, `class`, `on` (listeners), and attributes.
 * @param {(Node | string | null | undefined)[]} [children]
 * @returns {any}
 */
export function make(tag, traits = {}, children = []) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(traits)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") {
      made.textContent = value;
      made.dir = "auto";
    } else if (name === "class") made.className = value;
    else if (name === "on") for (const [event, act] of Object.entries(value)) made.addEventListener(event, act);
    else if (name === "value") /** @type {any} */ (made).value = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(.../** @type {any[]} */ (children.filter((one) => one !== null && one !== undefined)));
  return made;
}

/**
 * A button with words.
 * @param {string} text
 * @param {() => void} act
 * @param {Record<string, any>} [traits]
 */
export const button = (text, act, traits = {}) => make("button", { type: "button", text, on: { click: act }, ...traits });

/**
 * A field with its label above.
 * @param {string} label
 * @param {any} input
 * @param {string} [hint]
 */
export function field(label, input, hint = "") {
  input.id = input.id || "field-" + (fields += 1);
  const made = make("div", { class: "field" }, [make("label", { text: label, for: input.id }), input]);
  if (hint) {
    const said = make("p", { class: "hint", text: hint, id: input.id + "-hint" });
    input.setAttribute("aria-describedby", said.id);
    made.append(said);
  }
  return made;
}
let fields = 0;

/**
 * Say something to whoever listens rather than looks.
 * @param {string} text
 */
export function say(text) {
  const spoken = find("spoken");
  // The same words again are news again.
  spoken.textContent = spoken.textContent === text ? text + "\u00a0" : text;
}

/**
 * A table that scrolls within itself on a narrow screen.
 * @param {string} caption
 * @param {string[]} head
 * @param {(string | Node)[][]} rows First cell is the row's head.
 */
export function table(caption, head, rows) {
  const cell = (tag, one, scope) =>
    typeof one === "string" ? make(tag, { text: one, scope }) : make(tag, { scope }, [one]);
  const made = make("table", {}, [
    make("caption", { text: caption }),
    make("thead", {}, [make("tr", {}, head.map((one) => make("th", { text: one, scope: "col" })))]),
    make("tbody", {}, rows.map((row) => make("tr", {}, row.map((one, at) => (at ? cell("td", one) : cell("th", one, "row")))))),
  ]);
  return make("div", { class: "wide", tabindex: 0, role: "region", "aria-label": caption }, [made]);
}

/**
 * Degrees as people write them.
 * @param {Point} at
 */
export const where = (at) => at[1].toFixed(5) + ", " + at[0].toFixed(5);

/** @param {number} number */
export const round6 = (number) => Math.round(number * 1e6) / 1e6;
