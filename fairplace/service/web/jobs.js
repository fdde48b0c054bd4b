// Work that takes a while: begun, watched and cancelled here; its name stands in the address, so a reload finds it.
import { ask, askJson, run, showError, Problem } from "./ask.js";
import { button, data, field, make, say, words } from "./page.js";
import { choose, state } from "./state.js";

const OPEN = ["queued", "running"];

/** @param {string} kind */
const nameOf = (kind) => (state.job.startsWith(kind + ":") ? state.job.slice(kind.length + 1) : "");

/**
 * Watch the work of a kind that the address names, if any.
 * @param {HTMLElement} holder
 * @param {string} kind `hubs` or `review`.
 */
export async function watch(holder, kind) {
  const name = nameOf(kind);
  if (!name) { holder.replaceChildren(); return; }
  const address = data.base + "/jobs/" + encodeURIComponent(name);
  const text = make("p", {}), bar = make("progress", { max: 1, "aria-label": words("working_job") });
  const stop = button(words("cancel"), () => {
    ask(address, { method: "DELETE" }).then(() => undefined, (error) => showError(holder, error));
  });
  holder.replaceChildren(make("div", { class: "state" }, [text, bar, stop]));
  let spoken = "";
  for (let wait = 300; ; wait = Math.min(2000, wait * 1.3)) {
    let got;
    try {
      got = await askJson(address);
    } catch (error) {
      // Out of reach for a while is not the end of the work; gone is.
      if (error instanceof Problem && error.status === 0 && holder.isConnected) { text.textContent = words("offline"); await sleep(3000); continue; }
      if (!holder.isConnected || nameOf(kind) !== name) return;
      showError(holder, error instanceof Problem && error.status === 404 ? new Problem(404, words("job_gone")) : error);
      return;
    }
    if (!holder.isConnected || nameOf(kind) !== name) return;
    bar.value = got.progress || 0;
    text.textContent = words("job_state", { state: words("job_" + got.state), done: Math.round(100 * (got.progress || 0)) }) + (got.message ? " (" + got.message + ")" : "");
    if (!OPEN.includes(got.state)) { finish(holder, kind, got); return; }
    if (got.state + got.message !== spoken) { spoken = got.state + got.message; say(text.textContent); }
    await sleep(wait);
  }
}

const sleep = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });

/** @param {HTMLElement} holder @param {string} kind @param {any} got */
function finish(holder, kind, got) {
  if (got.state === "failed") { showError(holder, new Problem(400, got.message || words("job_failed"))); return; }
  if (got.state === "cancelled") {
    holder.replaceChildren(make("div", { class: "state" }, [make("p", { text: words("job_cancelled") })]));
    say(words("job_cancelled"));
    return;
  }
  // What people read first, then what programs take; what lies in folders is many and stands behind a line.
  const order = [...got.files].sort((a, b) => rank(a.title) - rank(b.title));
  const links = (some) => make("ul", { class: "links" }, some.map((one) => make("li", {}, [make("a", { href: one.href, text: one.title })])));
  const inner = order.filter((one) => one.title.includes("/"));
  holder.replaceChildren(make("div", { class: "state" }, [
    make("h4", { text: words("job_done_" + kind) }),
    links(order.filter((one) => !one.title.includes("/"))),
    inner.length ? make("details", {}, [make("summary", { text: words("job_more", { count: inner.length }) }), links(inner)]) : null,
    button(words("job_remove"), () => {
      run(holder, words("job_remove"), (signal) => ask(data.base + "/jobs/" + encodeURIComponent(got.id), { method: "DELETE", signal })).then(() => choose({ job: "" }));
    }),
  ]));
  holder.dataset.shown = got.id;
  say(words("job_done_" + kind));
}

/** @param {string} title */
const rank = (title) => (/\.html$/.test(title) ? 0 : /\.(pdf|docx|xlsx)$/.test(title) ? 1 : title.includes("/") ? 3 : 2);

/**
 * Begin some work.
 * @param {HTMLElement} holder
 * @param {string} kind
 * @param {any} body
 */
export async function begin(holder, kind, body) {
  const got = await run(holder, words("working_job"), (signal) => askJson(data.base + "/jobs/" + kind, { method: "POST", body: JSON.stringify(body), signal }));
  if (!got) return;
  choose({ job: kind + ":" + got.id });
  watch(holder, kind);
}

/**
 * Let the service choose sites out of the candidates.
 * @param {HTMLElement} holder
 */
export function showPlan(holder) {
  if (!data.has.plan) { holder.replaceChildren(); return; }
  const number = make("input", { type: "number", min: 1, max: 20, step: 1, value: "1", inputmode: "numeric" });
  const need = make("select", {}, [
    new Option(words("need_children_0_4"), "children_0_4"), new Option(words("need_children_below_mis"), "children_below_mis"),
  ]);
  const result = make("div", { id: "plan-job" });
  const go = button(words("plan_go"), () => {
    const add = Math.min(20, Math.max(1, Math.round(Number(number.value)) || 1));
    number.value = String(add);
    begin(result, "hubs", { add, limit: state.minutes, weights: { [need.value]: 1 } });
  }, { class: "main" });
  holder.replaceChildren(make("h3", { text: words("plan_title") }), make("p", { text: words("plan_intro") }),
    make("div", { class: "pair noprint" }, [field(words("plan_number"), number), field(words("plan_need"), need)]), go, result);
  watch(result, "hubs");
}
