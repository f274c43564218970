// Validation examples with what is right, what the model says, and whether that agrees.

import * as api from "./api.js";
import { h, problem, show } from "./dom.js";
import { count, percent, words } from "./format.js";
import { whenReady } from "./waiting.js";

/** As many are shown while others are still computed. */
const EARLY = 12;

export function gallerySection(model, tryIt) {
  const list = h("ol", { class: "gallery" });
  const status = h("div", {});
  const more = h("button", { type: "button", hidden: true, on: { click: () => load(false) } }, "Show more");
  const section = h("section", {},
    h("h1", {}, "Examples"),
    h("p", { class: "note" }, "Validation examples, which the model did not learn from; choices such as its calibration were made on them."),
    h("fieldset", { class: "only" }, h("legend", { class: "spoken" }, "Which examples"),
      [["all", "All"], ["wrong", "Wrong"], ["right", "Right"]].map(([value, title]) => h("label", {},
        h("input", { type: "radio", name: "only", value, checked: value === "all", on: { change: () => { only = value; load(true); } } }), title))),
    status, list, more);
  let only = "all";
  let shown = 0;
  let asked = 0;

  function load(anew) {
    asked += 1;
    const number = asked;
    if (anew) {
      shown = 0;
      show(list);
      more.hidden = true;
    }
    const current = (use) => (...found) => { if (number === asked) use(...found); };
    const append = (found) => {
      list.append(...found.examples.map((example) => card(example, tryIt)));
      shown += found.examples.length;
    };
    whenReady(section, () => api.examples(model.name, only, shown), current((bar, found) => {
      show(status, bar);
      if (shown === 0 && found.examples.length >= EARLY) append(found);
    }), current((found) => {
      append(found);
      more.hidden = shown >= found.shown;
      const right = found.right === null ? "" : `; of all ${found.total.toLocaleString("en")}, ${found.right.toLocaleString("en")} are right`;
      show(status, h("p", { class: "dim" }, `${shown.toLocaleString("en")} of ${count(found.shown, "example")} shown${right}`));
    }), current((error) => show(status, problem(error))));
  }
  load(true);
  return section;
}

function card(example, tryIt) {
  const fields = typeof example.input === "string" ? [["", example.input]] : Object.entries(example.input);
  const state = example.right === null ? null : example.right ? "right" : "wrong";
  return h("li", { class: state },
    state === null ? null : h("span", { class: `badge ${state}` }, state === "right" ? "✓ right" : "✗ wrong"),
    fields.filter(([, value]) => typeof value === "string").map(([name, value]) =>
      h("p", { class: "text" }, name ? h("span", { class: "fieldname" }, `${words(name)} `) : null, value)),
    h("dl", {},
      h("div", {}, h("dt", {}, "Is"), h("dd", {}, example.gold)),
      h("div", {}, h("dt", {}, "Model says"), h("dd", {}, example.predicted, example.score === null ? null : h("span", { class: "dim" }, ` ${percent(example.score)}`)))),
    h("button", { type: "button", class: "quiet", on: { click: () => tryIt(example.input) } }, "Try it"));
}
