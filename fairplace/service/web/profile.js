// A profile as the panel shows it: its sentences, its figures with range, base and source, and take-aways.
import { takeAway } from "./ask.js";
import { button, data, make, words } from "./page.js";

/** Forms of a profile that the service makes, in the order in which they are offered. */
const FORMS = ["pdf", "docx", "xlsx", "json", "zip"];
const TABLES = ["gpkg", "parquet", "csv", "geojson"];

/** @param {any} part */
const plain = (part) => (typeof part === "string" ? part : part.text);
/** @param {any[]} parts */
const sentence = (parts) => (Array.isArray(parts) ? parts : [parts]).map(plain).join("");

/**
 * Rows of a profile's tables of figures: key, name, value, range, and what stands beside.
 * @param {any} profile
 * @returns {{table: string, title: string, name: string, value: string, range: string, whole: string, base: string,
 *   count: string, source: string, period: string, how: string}[]}
 */
export function rowsOf(profile) {
  const rows = [];
  for (const section of profile.sections) {
    for (const block of section.blocks) {
      if (block.kind !== "table" || !(block.id === "mis-table" || block.id.startsWith("theme-"))) continue;
      const head = block.head.map(sentence);
      const at = (name) => head.indexOf(name);
      for (const row of block.rows) {
        const cells = row.map((cell) => sentence(cell));
        const mis = block.id === "mis-table";
        rows.push({
          table: block.id, title: shortened(sentence(block.caption), profile), name: cells[0], value: cells[1],
          range: mis ? cells[2] || "" : "", whole: (mis ? cells[3] : cells[4]) || "",
          count: mis ? "" : cells[at("Count")] || "", base: mis ? "" : cells[at("Base")] || "",
          source: mis ? "" : cells[at("Source")] || "", period: mis ? "" : cells[at("Period")] || "",
          how: mis ? words("modelled") : cells[at("How it was made")] || "",
        });
      }
    }
  }
  return rows;
}

/** "People: Sidings and Halverton" is about "People" where the place is the heading. */
const shortened = (caption, profile) => (caption.includes(": " + profile.area.name) ? caption.split(":")[0] : caption);

/**
 * Show a profile.
 * @param {any} profile
 * @param {HTMLElement} holder
 * @param {{full: string, file: (form: string) => {address: string, how?: any}, geography?: string}} links
 */
export function showProfile(profile, holder, links) {
  const made = [];
  const first = profile.sections.find((one) => one.id === "summary");
  if (first) {
    made.push(make("h3", { text: words("summary") }));
    for (const block of first.blocks) {
      if (block.kind === "bullets") made.push(make("ul", {}, block.items.map((one) => make("li", { text: sentence(one.parts || one) }))));
      else if (block.kind === "paragraph" && block.role !== "required") made.push(make("p", { text: sentence(block.parts) }));
    }
  }
  made.push(takeAways(profile, links));
  const rows = rowsOf(profile);
  const mis = rows.filter((one) => one.table === "mis-table");
  if (mis.length) made.push(make("h3", { text: words("mis_title") }), figures(mis, profile.authority));
  const tables = [...new Set(rows.filter((one) => one.table !== "mis-table").map((one) => one.table))];
  if (tables.length) made.push(make("h3", { text: words("more_figures") }));
  for (const table of tables) {
    const own = rows.filter((one) => one.table === table);
    made.push(make("details", {}, [make("summary", { text: own[0].title }), figures(own, profile.authority)]));
  }
  for (const one of first?.blocks || []) {
    if (one.kind === "paragraph" && one.role === "required") made.push(make("p", { class: "hint", text: sentence(one.parts) }));
  }
  holder.replaceChildren(...made);
}

/**
 * @param {ReturnType<typeof rowsOf>} rows
 * @param {string} authority
 */
function figures(rows, authority) {
  return make("ul", { class: "figures" }, rows.map((one) => make("li", {}, [
    make("span", { class: "name", text: one.name }),
    make("span", { class: "value", text: one.value }),
    one.range && one.range !== "[x]" ? make("span", { text: words("range") + ": " + one.range + (one.how === words("modelled") ? ", " + words("modelled") : "") }) : null,
    make("span", { class: "more", text: [
      one.base && one.base !== "[x]" ? (one.count && one.count !== "[x]" ? words("count", { count: one.count }) + ". " : "") + words("figure_base", { base: one.base }) : "",
      one.whole && one.whole !== "[x]" ? words("of_whole", { name: authority, value: one.whole }) : "",
      one.source ? words("figure_source", { source: one.source, period: one.period }) : "",
    ].filter(Boolean).join(". ") }),
  ])));
}

/** @param {any} profile @param {any} links */
function takeAways(profile, links) {
  const holder = make("div", {});
  const name = profile.area.name;
  const fetched = (label, file, address, how) => button(label, () => { takeAway(holder, words("working_file", { form: label, name }), file, address, how); });
  const items = [];
  if (links.full) items.push(make("a", { href: links.full, text: words("full_profile") }));
  const forms = data.has.area ? FORMS : ["json"];
  for (const form of forms) {
    const { address, how } = links.file(form);
    items.push(fetched(words("form_" + form), profile.area.code + "." + form, address, how));
  }
  const made = [make("h3", { text: words("take_away") }), make("ul", { class: "links" }, items.map((one) => make("li", {}, [one])))];
  const geography = links.geography;
  if (geography && data.has.downloads) {
    made.push(make("p", { text: words("take_areas") }), make("ul", { class: "links" }, TABLES.map((form) => make("li", {}, [
      fetched(words("form_" + form), geography + "." + form, data.base + "/downloads/" + geography + "." + form),
    ]))));
  }
  made.push(holder);
  return make("div", { class: "noprint" }, made);
}
