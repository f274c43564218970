// The model: its figures with intervals, its pictures, its card.

import * as api from "./api.js";
import { h, problem, show, svg } from "./dom.js";
import { figure, words } from "./format.js";
import { markdown } from "./markdown.js";
import { whenReady } from "./waiting.js";

export function cardSection(model) {
  const figures = h("section", {}, h("h2", {}, "Figures"), h("p", { class: "dim" }, "Loading…"));
  const pictures = h("section", {}, h("h2", {}, "Pictures"), h("p", { class: "dim" }, "Loading…"));
  const card = h("section", { class: "card" }, h("h2", {}, "Model card"), h("p", { class: "dim" }, "Loading…"));
  api.model(model.name).then(
    (found) => {
      show(figures, h("h2", {}, "Figures"), metrics(found.record));
      show(card, markdown(found.card));
    },
    (error) => show(figures, problem(error)),
  );
  if (model.has_examples) drawPictures(model, pictures);
  return h("div", { class: "stack" }, h("h1", { class: "spoken" }, `The model ${model.name}`), figures, model.has_examples ? pictures : null, card);
}

function metrics(record) {
  const entries = Object.entries(record.metrics ?? {});
  if (entries.length === 0) return h("p", {}, "Not measured.");
  return [
    h("p", { class: "note" }, `On the ${record.measured_on} examples; the lines are 95% intervals: what other examples of the same kind would likely have given.`),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Figures" }, h("table", { class: "metrics" },
      h("thead", {}, h("tr", {}, ["metric", "value", "95% interval", "0 to 1"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, entries.map(([name, found]) => h("tr", {},
        h("th", { scope: "row" }, words(name)),
        h("td", { class: "number" }, figure(found.value)),
        h("td", { class: "number" }, found.low === null || found.low === undefined ? "undefined" : `${figure(found.low)} to ${figure(found.high)}`),
        h("td", {}, interval(found))))))),
  ];
}

/** A line from low to high with a dot at the value; only for figures from 0 to 1. */
function interval({ value, low, high }) {
  const all = [value, low, high];
  if (all.some((each) => each === null || each === undefined || each < 0 || each > 1)) return null;
  const x = (share) => 4 + 184 * share;
  return svg("svg", { viewBox: "0 0 192 16", class: "interval", "aria-hidden": "true" },
    svg("line", { x1: x(0), x2: x(1), y1: 8, y2: 8, class: "axis" }),
    svg("line", { x1: x(low), x2: x(high), y1: 8, y2: 8, class: "range" }),
    svg("circle", { cx: x(value), cy: 8, r: 3.5, class: "dot" }));
}

function drawPictures(model, section) {
  const title = h("h2", {}, "Pictures");
  whenReady(section, () => api.pictures(model.name),
    (waiting) => show(section, title, waiting),
    async (found) => {
      if (found.pictures.length === 0) {
        show(section, title, h("p", {}, "None: the confusion and reliability pictures are of labels."));
        return;
      }
      const images = await Promise.all(found.pictures.map((each) => api.picture(model.name, each.name)));
      show(section, title, found.pictures.map((each, place) => h("figure", {},
        h("h3", {}, each.title), h("img", { src: images[place], alt: each.alt }), h("figcaption", { class: "note" }, each.meaning))));
    },
    (error) => show(section, title, problem(error)));
}
