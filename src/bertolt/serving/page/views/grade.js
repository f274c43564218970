// A grade as a gauge of its steps, with the judgements behind it.

import { h, spoken } from "../dom.js";
import { percent, words } from "../format.js";
import { choice } from "./labels.js";

export function show(result, { reference }) {
  const steps = Object.entries(result.probabilities);
  const [likeliest, most] = steps.reduce((best, step) => (step[1] > best[1] ? step : best));
  const judged = Object.keys(result.judgements ?? {}).length > 0;
  return [
    h("p", { class: "verdict" }, h("span", {}, words(result.name)), h("span", { class: "sure" }, percent(result.probabilities[result.name] ?? 0))),
    judged && likeliest !== result.name
      ? h("p", { class: "note" }, `Likeliest is “${likeliest}” (${percent(most)}). It is withheld: where this model is no surer, it is not right often enough.`)
      : null,
    reference !== undefined && differs(result, reference)
      ? h("p", { class: "note" }, `The first model says “${reference.name}”.`)
      : null,
    h("ol", { class: "gauge", "aria-label": `Grade ${result.grade} of 0 to ${steps.length - 1}` }, steps.map(([name, probability], place) =>
      h("li", { class: place === result.grade ? "step here" : "step", "aria-current": place === result.grade ? "step" : null },
        h("span", { class: "block", "aria-hidden": "true", vars: { part: probability } }, h("span", { class: "fill" })),
        h("span", { class: "number" }, String(place)),
        h("span", { class: "name" }, name),
        h("span", { class: "value" }, percent(probability)),
        place === result.grade ? spoken(", the grade given") : null))),
    judged
      ? [h("h4", {}, "Judgements behind it"), h("ul", { class: "bars" }, Object.entries(result.judgements).map(([name, probability]) =>
        h("li", {}, h("span", { class: "name" }, words(name)), h("span", { class: "value" }, percent(probability)),
          h("span", { class: "track", "aria-hidden": "true" }, h("span", { class: "fill", vars: { part: probability } })))))]
      : null,
  ];
}

export function differs(result, other) {
  return result.grade !== other.grade;
}

export function correction(result) {
  return choice("Right grade", Object.keys(result.probabilities), result.name);
}
