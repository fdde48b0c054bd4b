// Asking the service: progress that can be cancelled, errors in plain words, and patience with a restart.
import { button, find, make, say, words } from "./page.js";

/** A refusal or a failure, with what to do about it. */
export class Problem extends Error {
  /**
   * @param {number} status 0 where the service was not reached.
   * @param {string} detail
   */
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }

  /** What the reader may do. */
  get advice() {
    if (this.status === 0) return words("do_network");
    const known = { 414: 413, 422: 400, 409: 400, 504: 503, 502: 503, 405: 404, 401: 403 };
    const key = "do_" + (known[this.status] || this.status);
    return words(key) === key ? words("do_other") : words(key);
  }
}

const sleep = (milliseconds, signal) => new Promise((done, stop) => {
  const waiting = setTimeout(done, milliseconds);
  signal?.addEventListener("abort", () => { clearTimeout(waiting); stop(new DOMException("", "AbortError")); });
});

/**
 * Ask for something, and again where the service was only busy or restarting.
 * @param {string} address
 * @param {{signal?: AbortSignal, method?: string, body?: string, type?: string, accept?: string}} [how]
 * @returns {Promise<Response>}
 */
export async function ask(address, how = {}) {
  const waits = (how.method || "GET") === "POST" ? [] : [400, 1500];
  for (let tried = 0; ; tried += 1) {
    try {
      const answer = await fetch(address, {
        method: how.method || "GET",
        signal: how.signal,
        body: how.body,
        credentials: "same-origin",
        headers: { Accept: how.accept || "application/json", ...(how.body ? { "Content-Type": how.type || "application/json" } : {}) },
      });
      reached(true);
      if (answer.ok) return answer;
      if (answer.status === 503 && tried < waits.length) {
        await sleep(1000 * Math.min(5, Number(answer.headers.get("Retry-After")) || 1), how.signal);
        continue;
      }
      throw await refusal(answer);
    } catch (error) {
      if (error instanceof Problem || how.signal?.aborted) throw error;
      if (tried < waits.length) {
        await sleep(waits[tried], how.signal);
        continue;
      }
      reached(false);
      throw new Problem(0, words("offline"));
    }
  }
}

/** @param {Response} answer */
async function refusal(answer) {
  try {
    const said = await answer.json();
    return new Problem(answer.status, String(said.detail || said.title || answer.statusText));
  } catch {
    return new Problem(answer.status, answer.statusText || String(answer.status));
  }
}

/**
 * Ask for JSON.
 * @param {string} address
 * @param {any} [how]
 * @returns {Promise<any>}
 */
export const askJson = async (address, how) => (await ask(address, how)).json();

/** @param {boolean} well */
function reached(well) {
  const said = find("offline");
  if (well === said.hidden) return;
  said.hidden = well;
  said.textContent = well ? "" : words("offline");
  if (well) say(words("online"));
}

/** @type {WeakMap<HTMLElement, AbortController>} */
const running = new WeakMap();

/**
 * Do something that takes time, in sight: words and a way to cancel while it lasts, the reason if it fails.
 * @template T
 * @param {HTMLElement} holder Where progress and errors stand; whatever ran there before is given up.
 * @param {string} label
 * @param {(signal: AbortSignal, progress: (text: string, share?: number) => void) => Promise<T>} act
 * @returns {Promise<T | undefined>}
 */
export async function run(holder, label, act) {
  running.get(holder)?.abort("replaced");
  const stop = new AbortController();
  running.set(holder, stop);
  const text = make("p", { text: label + "…" });
  const bar = make("progress", { max: 1, "aria-label": label });
  const box = make("div", { class: "state" }, [text, bar, button(words("cancel"), () => stop.abort("person"))]);
  // What is quick needs no sign; a sign that flashes would only be in the way.
  const showing = setTimeout(() => { holder.replaceChildren(box); say(label); }, 250);
  holder.setAttribute("aria-busy", "true");
  const progress = (said, share) => {
    text.textContent = said;
    if (share === undefined) bar.removeAttribute("value"); else bar.value = share;
  };
  try {
    const done = await act(stop.signal, progress);
    if (stop.signal.aborted) throw new DOMException("", "AbortError");
    if (running.get(holder) === stop) holder.replaceChildren();
    return done;
  } catch (error) {
    if (running.get(holder) !== stop) return undefined;
    if (stop.signal.aborted) {
      if (stop.signal.reason === "person") {
        holder.replaceChildren(make("div", { class: "state" }, [make("p", { text: words("cancelled") })]));
        say(words("cancelled"));
      } else holder.replaceChildren();
      return undefined;
    }
    // Whoever waits for this waits on: trying again may still give it.
    return new Promise((done) => { showError(holder, error, () => done(run(holder, label, act))); });
  } finally {
    clearTimeout(showing);
    if (running.get(holder) === stop) { holder.removeAttribute("aria-busy"); running.delete(holder); }
  }
}

/**
 * Give up what runs in a holder, and clear it.
 * @param {HTMLElement} holder
 */
export function giveUp(holder) {
  running.get(holder)?.abort("replaced");
  running.delete(holder);
  holder.removeAttribute("aria-busy");
  holder.replaceChildren();
}

/**
 * Say what went wrong, what was found, and what to do.
 * @param {HTMLElement} holder
 * @param {unknown} error
 * @param {(() => void) | null} [again]
 */
export function showError(holder, error, again = null) {
  const detail = error instanceof Error ? error.message : String(error);
  const advice = error instanceof Problem ? error.advice : words("do_other");
  if (!(error instanceof Problem)) console.error(error);
  const box = make("div", { class: "state bad" }, [
    make("p", {}, [make("strong", { text: words("error") })]),
    make("p", { text: detail }),
    advice && advice !== detail ? make("p", { text: advice }) : null,
    again ? button(words("again"), again) : null,
  ]);
  holder.replaceChildren(box);
  say(words("error") + ". " + detail + " " + advice);
}

/**
 * Fetch a file in sight and hand it to the browser.
 * @param {HTMLElement} holder
 * @param {string} label
 * @param {string} name
 * @param {string} address
 * @param {any} [how]
 */
export function takeAway(holder, label, name, address, how = {}) {
  return run(holder, label, async (signal) => {
    const answer = await ask(address, { ...how, accept: "*/*", signal });
    const content = await answer.blob();
    const link = make("a", { href: URL.createObjectURL(content), download: given(answer) || name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    say(words("saved", { name: link.download }));
  });
}

/** @param {Response} answer */
function given(answer) {
  const found = /filename="?([^";]+)/.exec(answer.headers.get("Content-Disposition") || "");
  return found ? found[1] : "";
}
