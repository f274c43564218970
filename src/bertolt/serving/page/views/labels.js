// One label of a list, or several that each hold or not: a bar for every label.

import { h, spoken } from "../dom.js";
import { percent } from "../format.js";

/** Labels that are shown at once; of more, the likeliest. */
const MOST = 12;

/** The label that a result stands for, given how sure one must be. */
export function verdict(result, below) {
  return result.score < below ? "unsure" : result.label;
}

export function show(result, { below, reference }) {
  const label = verdict(result, below);
  const several = Array.isArray(result.passed);
  const order = Object.entries(result.scores).sort((a, b) => b[1] - a[1]);
  const bars = (rows) => h("ul", { class: "bars" }, rows.map(([name, score]) => bar(name, score, result, several)));
  const rest = order.slice(MOST);
  return [
    h("p", { class: label === "unsure" ? "verdict unsure" : "verdict" },
      several && label !== "unsure" && result.passed.length
        ? result.passed.map((name) => h("span", { class: "chip" }, name))
        : h("span", {}, label),
      h("span", { class: "sure" }, percent(result.score)),
    ),
    label === "unsure"
      ? h("p", { class: "note" }, `Under the chosen ${percent(below)}; the model leans to “${result.label}”.`)
      : null,
    reference !== undefined && differs(result, reference)
      ? h("p", { class: "note" }, `The first model says “${reference.label}”.`)
      : null,
    bars(order.slice(0, MOST)),
    rest.length ? h("details", {}, h("summary", {}, `${rest.length} less likely labels`), bars(rest)) : null,
  ];
}

function bar(name, score, result, several) {
  const threshold = several ? (result.thresholds?.[name] ?? 0.5) : null;
  const holds = several ? result.passed.includes(name) : name === result.label;
  return h("li", { class: holds ? "holds" : null },
    h("span", { class: "name" }, holds ? h("span", { class: "tick", "aria-hidden": "true" }, "✓ ") : null, name),
    h("span", { class: "value" }, percent(score), threshold === null ? null : spoken(holds ? `, holds from ${percent(threshold)}` : `, would hold from ${percent(threshold)}`)),
    h("span", { class: "track", "aria-hidden": "true" },
      h("span", { class: "fill", vars: { part: score } }),
      threshold === null ? null : h("span", { class: "threshold", title: `holds from ${percent(threshold)}`, vars: { part: threshold } }),
    ),
  );
}

export function differs(result, other) {
  return result.label !== other.label;
}

export function correction(result, { model }) {
  if (Array.isArray(result.passed)) {
    const boxes = model.labels.map((name) => h("input", { type: "checkbox", value: name, checked: result.passed.includes(name) }));
    return {
      element: h("fieldset", { class: "choices" }, h("legend", {}, "Labels that hold"),
        boxes.map((box) => h("label", {}, box, " ", box.value))),
      value: () => boxes.filter((box) => box.checked).map((box) => box.value),
    };
  }
  return choice("Right label", model.labels, result.label);
}

/** A list to choose one name from; what the model says already cannot be chosen. */
export function choice(title, names, taken) {
  const select = h("select", { required: true },
    h("option", { value: "" }, "choose…"),
    names.filter((name) => name !== taken).map((name) => h("option", { value: name }, name)));
  return { element: h("label", { class: "field" }, title, select), value: () => select.value };
}
