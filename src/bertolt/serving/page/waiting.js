// Work that the server does in the background: asked after until it is done, or its place has left the page.

import { h } from "./dom.js";

/** Milliseconds between two questions. */
const EVERY = 700;

/**
 * @param {Element} place where the work is shown; once it is off the page, asking stops.
 * @param {() => Promise<{state: string, done: number, total: number}>} ask
 * @param {(bar: Node, found: any) => void} waiting
 * @param {(found: any) => void} ready
 * @param {(error: Error) => void} failed
 */
export async function whenReady(place, ask, waiting, ready, failed) {
  let attached = false;
  for (;;) {
    let found;
    try {
      found = await ask();
    } catch (error) {
      failed(error);
      return;
    }
    attached ||= place.isConnected;
    if (attached && !place.isConnected) return;
    if (found.state === "failed") {
      failed(found.error);
      return;
    }
    if (found.state === "done") {
      await ready(found);
      return;
    }
    waiting(progress(found), found);
    await new Promise((resolve) => setTimeout(resolve, EVERY));
  }
}

/** A bar with its words. */
export function progress({ done, total }) {
  return h("div", { class: "progress" },
    h("progress", { max: total || 1, value: done, "aria-label": "Progress" }),
    h("span", { class: "dim" }, `${done.toLocaleString("en")} of ${total.toLocaleString("en")}`));
}
