// Minutes and ways of going about, which the walk limit and the hub sites share, and how people are counted.
import { field, make, say, words } from "./page.js";
import { choose, MODES, MOST_MINUTES, state } from "./state.js";

/**
 * A number of minutes, by sliding or by typing.
 * @param {string} label
 */
export function minutesField(label) {
  const number = make("input", { type: "number", min: 1, max: MOST_MINUTES, step: 1, id: "minutes-number", inputmode: "numeric" });
  const slide = make("input", { type: "range", min: 1, max: MOST_MINUTES, step: 1, "aria-label": label });
  const follow = () => { number.value = String(state.minutes); slide.value = String(state.minutes); };
  const set = (text) => {
    const minutes = Math.min(MOST_MINUTES, Math.max(1, Math.round(Number(text)) || state.minutes));
    choose({ minutes });
    follow();
    say(words("minutes", { n: minutes }));
  };
  slide.addEventListener("input", () => { number.value = slide.value; });
  slide.addEventListener("change", () => set(slide.value));
  number.addEventListener("change", () => set(number.value));
  follow();
  return { holder: make("div", { class: "field" }, [make("label", { for: number.id, text: label }), make("div", { class: "together" }, [number, slide])]), follow };
}

/** A choice of ways of going about. */
export function modeField() {
  const list = make("select");
  for (const one of MODES) list.append(new Option(words("mode_of_" + one), one));
  list.value = state.mode;
  list.addEventListener("change", () => choose({ mode: list.value }));
  return { holder: field(words("walk_mode"), list), follow: () => { list.value = state.mode; } };
}

/** @param {number} number */
export const written = (number) => Math.round(number).toLocaleString("en-GB");

/**
 * A count of people as words: with its range where it is modelled, and why where it is not shown.
 * @param {any} row
 */
export function counted(row) {
  if (!row) return words("not_known");
  if (row.status === "suppressed" || row.within === null) return words("hidden");
  const share = row.share === null ? "" : " (" + words("per_cent", { n: (100 * row.share).toFixed(row.modelled ? 0 : 1) }) + ")";
  if (!row.modelled) return written(row.within) + share;
  const range = row.low === null ? "" : "; " + words("range_from_to", { low: written(row.low), high: written(row.high) });
  return words("about_number", { n: written(row.within) }) + share + range;
}

/** @param {string} text */
export const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

/**
 * What must be said with an answer, and what else.
 * @param {any} got
 */
export function saidOf(got) {
  return [
    ...(got.notes || []).map((one) => make("p", { class: "hint", text: one })),
    got.said ? make("details", {}, [make("summary", { text: words("how_made") }), make("p", { class: "hint", text: got.said })]) : null,
  ].filter(Boolean);
}
