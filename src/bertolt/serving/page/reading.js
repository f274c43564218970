// The text as the model read it: words tinted by what they did to the result; what it did not read in grey.

import { h, spoken } from "./dom.js";
import { count, signed, words } from "./format.js";
import { grey, marked } from "./text.js";

/** Words listed beside the tint, for those who do not see it. */
const LISTED = 6;
/** Under this share of the strongest word a word is not tinted. */
const FAINT = 0.08;

/**
 * The fields of an input with their tokens tinted.
 * @param {Record<string, string>} fields
 * @param {{target: string, method: string, tokens: {text, start, end, field, score}[]}} found scores by word,
 *     and `unread`: {field, start, end}[], what the model did not read.
 */
export function tinted(fields, found) {
  const most = Math.max(1e-12, ...found.tokens.map((token) => Math.abs(token.score)));
  const target = typeof found.target === "string" ? found.target : null;
  return [
    h("h4", {}, target ? `What moved it towards “${target}”` : "What moved it"),
    Object.keys(fields).map((name) => {
      const own = found.tokens.filter((token) => token.field === name);
      const spans = own.map((token) => ({ start: token.start, end: token.end, make: (text) => tint(text, token.score / most, token.score) }));
      return paragraph(fields, name, [...spans, ...gaps(found.unread, name)]);
    }),
    legend(found.unread.length > 0),
    listed(found.tokens),
    h("p", { class: "note" }, `${found.quantity ? `Scores are parts of the ${found.quantity}. ` : ""}Method: ${found.method}.`, found.note ? ` ${found.note}` : null),
  ];
}

/**
 * The fields of an input with what was not read in grey, where no words are tinted.
 * @param {Record<string, string>} fields
 * @param {{field, start, end}[]} unread
 */
export function readInPart(fields, unread) {
  if (unread.length === 0) return [];
  return [
    h("h4", {}, "What it read"),
    Object.keys(fields).map((name) => paragraph(fields, name, gaps(unread, name))),
    h("ul", { class: "legend" }, notRead()),
  ];
}

function paragraph(fields, name, spans) {
  return [
    Object.keys(fields).length > 1 ? h("p", { class: "fieldname" }, words(name)) : null,
    h("p", { class: "tinted" }, marked(fields[name], spans)),
  ];
}

const gaps = (unread, name) => unread.filter((gap) => gap.field === name).map(({ start, end }) => ({ start, end, make: grey }));

const notRead = () => h("li", {}, h("span", { class: "unread" }, "grey"), " not read by the model");

function tint(text, share, score) {
  if (Math.abs(share) < FAINT) return document.createTextNode(text);
  const kind = score > 0 ? "for" : "against";
  return h("span", { class: `token ${kind}`, title: signed(score), vars: { strength: Math.abs(share).toFixed(3) } }, text);
}

function legend(truncated) {
  return h("ul", { class: "legend" },
    h("li", {}, h("span", { class: "token for strong" }, "for"), " a full line below"),
    h("li", {}, h("span", { class: "token against strong" }, "against"), " a dashed line below"),
    h("li", { class: "dim" }, "the stronger, the more it counted"),
    truncated ? notRead() : null);
}

function listed(tokens) {
  const strong = [...tokens].sort((a, b) => Math.abs(b.score) - Math.abs(a.score)).slice(0, LISTED).filter((token) => token.score !== 0);
  if (strong.length === 0) return null;
  const list = (title, chosen) => (chosen.length
    ? h("p", { class: "movers" }, h("strong", {}, `${title}: `), chosen.map((token, place) => [place ? ", " : "", `“${token.text.trim()}” `, h("span", { class: "dim" }, signed(token.score))]))
    : null);
  return [list("For", strong.filter((token) => token.score > 0)), list("Against", strong.filter((token) => token.score < 0))];
}

/** What is said of a text that was not read whole. */
export function cutNote(result) {
  if (!result.truncated) return null;
  return h("p", { class: "note warn" }, spoken("Attention: "), `The model read ${result.tokens_read.toLocaleString("en")} of ${count(result.tokens, "token")}; the rest did not count.`);
}

/** What is said of a text with tokens that the model's vocabulary lacks. */
export function unknownNote(result) {
  if (!result.unknown) return null;
  const most = result.unknown > result.tokens / 2;
  const share = `${result.unknown.toLocaleString("en")} of ${count(result.tokens, "token")} ${result.unknown === 1 ? "is" : "are"} not in the model's vocabulary`;
  return h("p", { class: most ? "note warn" : "note" }, most ? spoken("Attention: ") : null, share,
    most ? "; it cannot tell such tokens apart, so this result says little." : ".");
}
