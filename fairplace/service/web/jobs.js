// Work that takes a while: begun, watched, cancelled, and found again by the address after a reload.
import { data, make, words } from "./page.js";

/** @param {HTMLElement} holder */
export function showPlan(holder) {
  if (!data.has.plan) { holder.replaceChildren(); return; }
  holder.replaceChildren(make("h3", { text: words("plan_title") }));
}
