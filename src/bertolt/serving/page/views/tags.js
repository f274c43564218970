// A tag for each word: tags coloured over words, or the spans that they mark.

import { h } from "../dom.js";
import { count, percent } from "../format.js";
import { marked } from "../text.js";

const HUES = 8;

export function show(result, { input, reference, model }) {
  const text = textOf(result, input);
  const spans = result.entities ?? null;
  const kinds = [...new Set((spans ?? result.words).map((each) => each.label ?? each.tag))];
  const hue = new Map(kinds.sort().map((kind, place) => [kind, place % HUES]));
  const other = reference === undefined ? null : new Map(reference.words.map((word) => [word.start, word.tag]));
  const pieces = spans === null
    ? result.words.map((word) => piece(word, word.tag, hue, other !== null && other.get(word.start) !== word.tag))
    : spans.map((span) => piece(span, span.label, hue, !agreed(span, reference)));
  const odd = reference === undefined ? 0 : different(result, reference);
  return [
    spans !== null ? h("p", { class: "verdict" }, spans.length ? `${count(spans.length, "span")} found` : "No span found") : null,
    odd ? h("p", { class: "note" }, `${count(odd, "word")} tagged differently from the first model, marked with ≠.`) : null,
    h("p", { class: spans === null ? "tagged every" : "tagged" }, marked(text, pieces)),
    h("ul", { class: "legend", "aria-label": "Tags" }, kinds.map((kind) =>
      h("li", {}, h("span", { class: `swatch hue${hue.get(kind)}`, "aria-hidden": "true" }), `${kind} `,
        h("span", { class: "dim" }, String((spans ?? result.words).filter((each) => (each.label ?? each.tag) === kind).length))))),
    least(result, model),
  ];
}

function piece({ start, end, score }, tag, hue, odd) {
  return {
    start,
    end,
    make: (text) => h("span", { class: `tag hue${hue.get(tag)}${odd ? " odd" : ""}`, title: `${tag}, ${percent(score)}` },
      h("span", { class: "word" }, text), " ", h("span", { class: "kind" }, odd ? `≠ ${tag}` : tag)),
  };
}

function least(result) {
  const unsure = [...result.words].sort((a, b) => a.score - b.score).slice(0, 3).filter((word) => word.score < 0.9);
  if (unsure.length === 0) return null;
  return h("p", { class: "note" }, "Least sure of: ", unsure.map((word, place) => [place ? ", " : "", `${word.text} (${word.tag} ${percent(word.score)})`]));
}

function agreed(span, reference) {
  if (!reference?.entities) return true;
  return reference.entities.some((each) => each.start === span.start && each.end === span.end && each.label === span.label);
}

function textOf(result, input) {
  if (typeof input === "string") return input;
  return input.text ?? result.words.map((word) => word.text).join(" ");
}

function different(result, other) {
  const tags = new Map(other.words.map((word) => [word.start, word.tag]));
  return result.words.filter((word) => tags.get(word.start) !== word.tag).length;
}

export function differs(result, other) {
  return different(result, other) > 0;
}

export function correction(result, { model }) {
  const selects = result.words.map((word) => h("select", {},
    [...new Set([...model.labels, word.tag])].map((tag) => h("option", { value: tag, selected: tag === word.tag }, tag))));
  return {
    element: h("fieldset", { class: "choices words" }, h("legend", {}, "Right tag of each word"),
      result.words.map((word, place) => h("label", {}, h("span", {}, word.text), selects[place]))),
    value: () => selects.map((select) => select.value),
  };
}
