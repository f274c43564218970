// Try it: the fields of an input, and a panel with the result of every chosen model.

import { h, show } from "./dom.js";
import { percent, said, words } from "./format.js";
import { Panel } from "./panel.js";

/** The fields that must be filled in for a model. */
function needed(model) {
  const must = model.fields.filter((field) => !field.optional);
  return (must.length ? must : model.fields.slice(0, 1)).map((field) => field.name);
}

/** The fields that are shown: a grade's optional ones too, as what a sentence says may rest on its context. */
function fieldsOf(model) {
  const optional = model.kind === "grade" ? model.fields.filter((field) => field.optional) : [];
  return [...needed(model), ...optional.map((field) => field.name).filter((name) => !needed(model).includes(name))];
}

export class TrySection {
  #values = {};
  #boxes = {};
  #below = 0;
  #why = true;
  #compared = new Set();
  #element = null;

  constructor(state, announce) {
    this.state = state;
    this.announce = announce;
    this.reset();
  }

  /** Begins again after another model was chosen; texts stay where the fields are the same. */
  reset() {
    for (const panel of this.panels ?? []) panel.stop();
    const mates = this.#mates();
    this.#compared = new Set(mates.slice(0, 3).map((model) => model.name));
    this.#element = null;
    this.panels = [];
  }

  /** Models that read the same fields and answer in the same kind, with the same labels, as the chosen one. */
  #mates() {
    const { model, models } = this.state;
    const form = (each) => JSON.stringify([each.kind, needed(each), [...each.labels].sort()]);
    return models.filter((each) => each !== model && form(each) === form(model));
  }

  /** Puts an input into the fields. */
  fill(input) {
    const names = needed(this.state.model);
    this.#values = typeof input === "string" ? { [names[0]]: input } : { ...input };
    this.#element = null;
  }

  element() {
    if (this.#element !== null) return this.#element;
    const { model } = this.state;
    const names = fieldsOf(model);
    this.results = h("div", { class: "panels" });
    this.#boxes = {};
    const fields = names.map((name) => this.#field(name, names));
    const controls = h("div", { class: "controls" }, this.#comparing(), model.kind === "labels" ? this.#slider() : null,
      explained(model.kind) ? this.#switch() : null);
    this.#element = h("section", { "aria-label": "Try it" },
      h("div", { class: names.length > 1 && model.kind !== "answers" ? "fields pair" : "fields" }, fields), controls, this.results);
    this.#makePanels();
    return this.#element;
  }

  #field(name, names) {
    const box = h("textarea", {
      id: `field-${name}`,
      rows: name === "question" ? 2 : names.length > 1 ? 4 : 5, // where a field does not grow with its text
      spellcheck: "false",
      placeholder: name === names[0] ? hint(this.state.model.kind) : "",
      on: { input: () => { this.#values[name] = box.value; this.#ask(); } },
    });
    box.value = this.#values[name] ?? "";
    this.#boxes[name] = box;
    const title = needed(this.state.model).includes(name) ? words(name) : `${words(name)} (optional)`;
    return h("div", { class: "field" }, h("label", { for: box.id }, title), box);
  }

  #comparing() {
    const mates = this.#mates();
    if (mates.length === 0) return null;
    return h("fieldset", { class: "compare" }, h("legend", {}, "Beside it"), mates.map((mate) => h("label", {},
      h("input", {
        type: "checkbox",
        checked: this.#compared.has(mate.name),
        on: { change: (event) => {
          if (event.currentTarget.checked) this.#compared.add(mate.name);
          else this.#compared.delete(mate.name);
          this.#makePanels();
        } },
      }), ` ${mate.name}`)));
  }

  #slider() {
    const output = h("output", { for: "below" }, this.#below ? percent(this.#below) : "never");
    const slider = h("input", {
      type: "range", id: "below", min: 0, max: 0.99, step: 0.01, value: this.#below,
      on: { input: () => {
        this.#below = Number(slider.value);
        output.textContent = this.#below ? percent(this.#below) : "never";
        this.#draw();
      } },
    });
    return h("div", { class: "slider" }, h("label", { for: "below" }, "“unsure” below"), slider, output);
  }

  #switch() {
    return h("label", { class: "switch" }, h("input", {
      type: "checkbox",
      checked: this.#why,
      on: { change: (event) => {
        this.#why = event.currentTarget.checked;
        for (const panel of this.panels) panel.explain(this.#why);
      } },
    }), " Show which words moved it");
  }

  #makePanels() {
    for (const panel of this.panels) panel.stop();
    const { model, models, readOnly } = this.state;
    const chosen = [model, ...models.filter((each) => this.#compared.has(each.name))];
    const host = {
      answered: (panel) => this.#answered(panel),
      fillIn: (text) => this.#fillIn(text),
      announce: this.announce,
    };
    this.panels = chosen.map((each) => new Panel(each, { titled: chosen.length > 1, readOnly, why: this.#why && explained(each.kind), host }));
    show(this.results, this.panels.map((panel) => panel.element));
    this.results.classList.toggle("several", chosen.length > 1);
    this.#ask();
  }

  #ask() {
    const must = needed(this.state.model);
    const filled = (name) => (this.#values[name] ?? "").trim() !== "";
    const names = fieldsOf(this.state.model).filter((name) => must.includes(name) || filled(name));
    const values = Object.fromEntries(names.map((name) => [name, this.#values[name] ?? ""]));
    const ready = must.every(filled);
    for (const panel of this.panels) panel.ask(ready ? values : null);
  }

  #fillIn(text) {
    const [name] = needed(this.state.model);
    this.#boxes[name].value = text;
    this.#values[name] = text;
    this.#boxes[name].focus();
    this.#ask();
  }

  #answered(panel) {
    this.#draw();
    const prefix = this.panels.length > 1 ? `${panel.model.name}: ` : "";
    this.announce(`${prefix}${said(panel.result)}${typeof panel.result.score === "number" ? `, ${percent(panel.result.score)}` : ""}`);
  }

  #draw() {
    const [first] = this.panels;
    for (const panel of this.panels) {
      const same = panel !== first && first.result !== null && panel.asked === first.asked;
      panel.draw(this.#below, same ? first.result : undefined);
    }
  }
}

/** Kinds whose results can be explained. */
function explained(kind) {
  return kind === "labels" || kind === "answers";
}

function hint(kind) {
  if (kind === "candidates") return "Type a text with [MASK] where a word is missing";
  if (kind === "answers") return "Ask something that the passage may answer";
  return "Type or paste a text";
}
