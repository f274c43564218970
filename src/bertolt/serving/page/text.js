// A text with marked spans. The server counts characters (code points), JavaScript UTF-16 units; here
// everything is in characters.

import { h } from "./dom.js";

/** A text as its characters. */
export const characters = (text) => Array.from(text);

/** The characters of a text from start to end. */
export const slice = (text, start, end) => characters(text).slice(start, end).join("");

/**
 * A text as nodes, with an element around each span.
 * @param {string} text
 * @param {{start: number, end: number, make: (text: string) => Node}[]} spans not overlapping, in any order;
 *     of two that overlap the later one is left out.
 */
export function marked(text, spans) {
  const all = characters(text);
  const nodes = [];
  let at = 0;
  for (const { start, end, make } of [...spans].sort((a, b) => a.start - b.start)) {
    if (start < at || end <= start) continue;
    if (start > at) nodes.push(document.createTextNode(all.slice(at, start).join("")));
    nodes.push(make(all.slice(start, end).join("")));
    at = end;
  }
  if (at < all.length) nodes.push(document.createTextNode(all.slice(at).join("")));
  return nodes;
}

/** The maker of a span for a part that the model did not read. */
export const grey = (text) => h("span", { class: "unread", title: "not read by the model" }, text);
