// A tag for each word: tags coloured over words, or the spans that they mark.

import { h } from "../dom.js";
import { count, percent } from "../format.js";
import { marked } from "../text.js";

/** The tag of a word that is in no span. */
const OUTSIDE = "O";

export function show(result, { input, reference, model }) {
  const text = textOf(result, input);
  const spans = result.entities ?? null;
  const marks = spans ?? result.words;
  const kinds = [...new Set(marks.map((each) => each.label ?? each.tag))].sort();
  const hue = hues([...model.labels.map((name) => (spans === null ? name : kindOf(name))), ...kinds]);
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
      h("li", {}, h("span", { class: "swatch", vars: hue.get(kind), "aria-hidden": "true" }), `${kind} `,
        h("span", { class: "dim" }, String(marks.filter((each) => (each.label ?? each.tag) === kind).length))))),
    least(result, model),
  ];
}

/** The kind of span that a tag such as B-PER stands for. */
function kindOf(tag) {
  return tag.replace(/^[BIELSU]-/, "");
}

/**
 * A tint for each kind, spread over the whole circle, so that no two share one: the same for every text, as
 * it depends on the model's labels alone. No colour for what is in no span.
 */
function hues(names) {
  const kinds = [...new Set(names)].filter((name) => name !== OUTSIDE);
  return new Map([
    [OUTSIDE, { hue: 0, chroma: 0 }],
    ...kinds.map((kind, place) => [kind, { hue: Math.round((360 * place) / kinds.length), chroma: 1 }]),
  ]);
}

function piece({ start, end, score }, tag, hue, odd) {
  return {
    start,
    end,
    make: (text) => h("span", { class: odd ? "tag odd" : "tag", vars: hue.get(tag), title: `${tag}, ${percent(score)}` },
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
