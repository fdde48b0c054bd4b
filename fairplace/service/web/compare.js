// Two places side by side, from the same profiles that the panel shows.
import { run } from "./ask.js";
import { onDrawn } from "./map.js";
import { button, make, say, table, words } from "./page.js";
import { areaChoice, profileOf } from "./place.js";
import { rowsOf } from "./profile.js";
import { putIn } from "./search.js";
import { choose, state } from "./state.js";

/** @type {{fills: (() => void)[], result: HTMLElement} | null} */
let made = null;

/** @param {HTMLElement} task */
export function show(task) {
  const first = areaChoice(words("compare_first"), () => state.first, (code) => choose({ first: code }));
  const second = areaChoice(words("compare_second"), () => state.second, (code) => choose({ second: code }));
  const result = make("div", { id: "compared" });
  made = { fills: [first.fill, second.fill], result };
  task.replaceChildren(make("div", { class: "noprint" }, [
    first.holder, second.holder,
    button(words("compare_swap"), () => choose({ first: state.second, second: state.first })),
  ]), result);
  follow(new Set(["first"]));
}
onDrawn(() => { for (const fill of made?.fills || []) fill(); });

/** @param {Set<string>} changed */
export function follow(changed) {
  if (!made || !(changed.has("first") || changed.has("second"))) return;
  for (const fill of made.fills) fill();
  const { result } = made, pair = [state.first, state.second];
  if (!pair[0] || !pair[1]) { result.replaceChildren(make("p", { text: words("compare_none") })); return; }
  run(result, words("working_compare"), (signal) => Promise.all(pair.map((one) => profileOf(one, signal)))).then((got) => {
    if (!got || pair[0] !== state.first || pair[1] !== state.second || state.task !== "compare") return;
    for (const fill of made?.fills || []) fill();
    const [a, b] = got.map((one) => one.area.name);
    const rows = got.map(rowsOf);
    const cell = (one) => (one ? one.value + (one.range && one.range !== "[x]" ? " (" + one.range + ")" : "") : "[x]");
    const parts = [];
    for (const id of new Set(rows.flat().map((one) => one.table))) {
      const own = rows.map((some) => new Map(some.filter((one) => one.table === id).map((one) => [one.name, one])));
      const names = [...new Set(own.flatMap((some) => [...some.keys()]))];
      const title = id === "mis-table" ? words("compare_mis") : rows.flat().find((one) => one.table === id)?.title || "";
      parts.push(table(title, [words("figure"), a, b], names.map((name) => [name, cell(own[0].get(name)), cell(own[1].get(name))])));
    }
    result.replaceChildren(make("h3", { text: words("compare_caption", { a, b }) }), make("p", { class: "hint", text: words("compare_note") }), ...parts);
    result.dataset.shown = pair.join(" ");
    say(words("compare_caption", { a, b }));
  });
}

/** @param {import("./page.js").Point} _ @param {any} area */
export function click(_, area) {
  if (area) choose(putIn(area.code));
}
