// The page: one task at a time beside the map, everything chosen kept in the address.
import * as compare from "./compare.js";
import * as draw from "./draw.js";
import * as hubs from "./hubs.js";
import * as layers from "./layers.js";
import * as map from "./map.js";
import { find, make, say, words } from "./page.js";
import * as place from "./place.js";
import * as plans from "./plans.js";
import * as search from "./search.js";
import { choose, onChange, state } from "./state.js";
import * as walk from "./walk.js";

/** @type {Record<string, {show: (task: HTMLElement) => void, follow?: (changed: Set<string>) => void, leave?: () => void, click?: (at: any, area: any) => void}>} */
const TASKS = { place, draw, compare, walk, hubs, plans };

/** @param {string} [before] */
function showTask(before) {
  if (before) TASKS[before]?.leave?.();
  document.body.dataset.task = state.task;
  for (const link of document.querySelectorAll("#tasks a")) {
    const own = /** @type {HTMLElement} */ (link);
    if (own.dataset.task === state.task) own.setAttribute("aria-current", "page"); else own.removeAttribute("aria-current");
  }
  find("panel-title").textContent = words("task_" + state.task);
  find("mode").textContent = words("mode_" + state.task);
  TASKS[state.task].show(find("task"));
}

for (const link of document.querySelectorAll("#tasks a")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    choose({ task: /** @type {HTMLElement} */ (link).dataset.task || "place" });
    find("panel-title").focus({ preventScroll: matchMedia("(min-width:64rem)").matches });
    say(words("task_" + state.task) + ". " + words("mode_" + state.task));
  });
}
for (const link of document.querySelectorAll("[data-skip]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const to = find(/** @type {HTMLElement} */ (link).dataset.skip || "map");
    to.focus();
    to.scrollIntoView({ block: "start" });
  });
}
find("copy").addEventListener("click", () => {
  const copied = navigator.clipboard ? navigator.clipboard.writeText(location.href) : Promise.reject(new Error());
  copied.then(() => say(words("link_done")), () => say(words("link_failed")));
});
// Signing in leads back to what is chosen now, which stands behind "#" and is sent for this alone.
/** @type {HTMLAnchorElement | null} */
const signIn = document.querySelector("a[data-sign-in]");
const wayIn = signIn?.getAttribute("href") || "";
const back = () => {
  const chosen = wayIn + encodeURIComponent(location.hash);
  return chosen.length < 1900 ? chosen : wayIn;
};
signIn?.addEventListener("click", () => { signIn.href = back(); });
// A session that ends is said: what is asked for afterwards is what everybody may see.
const session = Number(/** @type {HTMLElement | null} */ (document.querySelector("[data-session]"))?.dataset.session || 0);
if (session) {
  setTimeout(() => {
    find("ended").hidden = false;
    find("ended").textContent = words("session_ended") + " ";
    find("ended").append(make("a", { href: "/sign-in?then=" + encodeURIComponent(location.pathname + location.hash), text: words("sign_in") }));
    document.querySelector(".account")?.remove();
  }, session * 1000);
}
find("print").addEventListener("click", () => window.print());

// How much of the window stands above the map, so that map and panel fill the rest of it.
const measure = () => document.documentElement.style.setProperty("--head", Math.ceil(document.querySelector(".layout").getBoundingClientRect().top + scrollY) + "px");
new ResizeObserver(measure).observe(document.querySelector("header"));
new ResizeObserver(measure).observe(find("tasks"));
measure();

onChange((changed, before) => {
  if (changed.has("task")) showTask(before.task);
  else TASKS[state.task].follow?.(changed);
});
map.onClick((at, area) => TASKS[state.task].click?.(at, area));
const painted = map.start();
map.paper();
layers.start();
search.start();
showTask();
painted.then(() => { document.body.dataset.ready = "yes"; });
