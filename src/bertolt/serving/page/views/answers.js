// The answer to a question, marked inside its passage, with the next best ones.

import { h, show as replace } from "../dom.js";
import { percent } from "../format.js";
import { marked } from "../text.js";

export function show(result, { input, reference }) {
  const passage = h("p", { class: "passage" });
  const mark = (start, end) => replace(passage, end > start
    ? marked(input.context, [{ start, end, make: (text) => h("mark", {}, text) }])
    : input.context);
  mark(result.start, result.end);
  const entries = [
    ...result.answers.map((each) => ({ ...each, none: false })),
    { text: "no answer", score: result.no_answer_score, start: 0, end: 0, none: true },
  ].sort((a, b) => b.score - a.score);
  const buttons = entries.map((entry) => h("button", {
    type: "button",
    "aria-pressed": String(chosen(entry, result)),
    class: entry.none ? "candidate none" : "candidate",
    on: {
      click: (event) => {
        for (const each of buttons) each.setAttribute("aria-pressed", "false");
        event.currentTarget.setAttribute("aria-pressed", "true");
        mark(entry.start, entry.end);
      },
    },
  }, h("span", { class: "name" }, entry.text), h("span", { class: "value" }, percent(entry.score)),
  h("span", { class: "track", "aria-hidden": "true" }, h("span", { class: "fill", vars: { part: entry.score } }))));
  return [
    h("p", { class: result.answer ? "verdict" : "verdict unsure" },
      h("span", {}, result.answer || "No answer in this passage"), h("span", { class: "sure" }, percent(result.score))),
    reference !== undefined && differs(result, reference)
      ? h("p", { class: "note" }, `The first model says “${reference.answer || "no answer"}”.`)
      : null,
    passage,
    h("h4", {}, "Best candidates"),
    h("ol", { class: "candidates" }, buttons.map((button) => h("li", {}, button))),
    h("p", { class: "note" }, "A candidate’s share of all candidates and of no answer together; choose one to see it in the passage."),
  ];
}

function chosen(entry, result) {
  return result.answer ? !entry.none && entry.start === result.start && entry.end === result.end : entry.none;
}

export function differs(result, other) {
  return result.answer !== other.answer;
}

export function correction(result, { input }) {
  const answer = h("input", { type: "text", required: true, autocomplete: "off" });
  const none = h("input", { type: "checkbox", on: { change: () => { answer.disabled = none.checked; } } });
  answer.addEventListener("input", () => answer.setCustomValidity(
    answer.value === "" || input.context.includes(answer.value) ? "" : "An answer stands in the passage word for word."));
  return {
    element: h("div", { class: "field" },
      h("label", { class: "field" }, "Right answer, in the passage’s own words", answer),
      h("label", {}, none, " The passage has no answer")),
    value: () => (none.checked ? "" : answer.value),
  };
}
