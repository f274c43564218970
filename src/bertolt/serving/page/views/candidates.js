// Words for missing ones; a click fills one in.

import { h } from "../dom.js";
import { percent } from "../format.js";

const MASK = /\[MASK\]|<mask>/gi;

export function show(result, { input, reference, fillIn }) {
  const text = typeof input === "string" ? input : input.text;
  const parts = [];
  if (result.masks.length === 0) {
    parts.push(h("p", { class: "note" }, "No word is missing. Write [MASK] where one should be."));
  } else {
    parts.push(h("p", { class: "verdict filled" }, result.text));
  }
  if (reference !== undefined && differs(result, reference)) {
    parts.push(h("p", { class: "note" }, `The first model says “${reference.text}”.`));
  }
  result.masks.forEach((candidates, place) => {
    if (result.masks.length > 1) parts.push(h("h4", {}, `Missing word ${place + 1}`));
    parts.push(h("ol", { class: "candidates" }, candidates.map((each) => h("li", {}, h("button", {
      type: "button",
      class: "candidate",
      title: each.text,
      on: { click: () => fillIn(filled(text, place, each)) },
    }, h("span", { class: "name" }, each.token.trim() || JSON.stringify(each.token)), h("span", { class: "value" }, percent(each.score)),
    h("span", { class: "track", "aria-hidden": "true" }, h("span", { class: "fill", vars: { part: each.score } })))))));
  });
  if (result.masks.length) parts.push(h("p", { class: "note" }, "Choose a word to fill it in."));
  if (typeof result.pseudo_perplexity === "number") {
    parts.push(h("p", { class: "note" }, `Pseudo-perplexity ${result.pseudo_perplexity.toFixed(2)} a token: lower is more usual text.`));
  }
  return parts;
}

/** The text with one missing word filled in; the others stay missing. */
export function filled(text, place, candidate) {
  let number = -1;
  let found = false;
  const replaced = text.replace(MASK, (mask) => {
    number += 1;
    if (number !== place) return mask;
    found = true;
    return candidate.token;
  });
  return found ? replaced : candidate.text;
}

export function differs(result, other) {
  return result.text !== other.text;
}

export function correction(result) {
  const whole = h("textarea", { rows: 3, required: true });
  whole.value = result.text;
  return { element: h("label", { class: "field" }, "The whole text as it should be", whole), value: () => whole.value };
}
