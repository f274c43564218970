// One model's result: asked as typing stops, drawn by the view of its kind, explained, corrected.

import * as api from "./api.js";
import { correctionForm } from "./correct.js";
import { h, problem, show } from "./dom.js";
import { Latest } from "./latest.js";
import { cutNote, readInPart, tinted, unknownNote } from "./reading.js";
import { viewOf } from "./views/index.js";

/** Milliseconds without a keystroke before a text is sent. */
const QUIET = 250;

export class Panel {
  #predicting = new Latest(QUIET);
  #explaining = new Latest(0);
  #fields = null;
  #explanation = null;

  /**
   * @param {object} model as /v1/models lists it.
   * @param {{titled: boolean, readOnly: boolean, why: boolean, host: object}} options `host` is told of every
   *     answer (`answered(panel)`) and takes texts (`fillIn(text)`).
   */
  constructor(model, { titled, readOnly, why, host }) {
    this.model = model;
    this.result = null;
    this.asked = null;
    this.readOnly = readOnly;
    this.why = why;
    this.host = host;
    this.answer = h("div", { class: "answer" });
    this.reading = h("div", { class: "reading" });
    this.fix = h("div");
    this.badge = h("span", { class: "badge", hidden: true }, "≠ differs");
    this.element = h("article", { class: "panel", "aria-label": `Result of ${model.name}` },
      titled ? h("h3", {}, model.name, " ", this.badge) : null, this.answer, this.reading, this.fix);
    this.#empty();
  }

  #empty() {
    show(this.answer, h("p", { class: "dim" }, "The result appears here as you stop typing."));
    show(this.reading);
    show(this.fix);
    this.badge.hidden = true;
  }

  stop() {
    this.#predicting.cancel();
    this.#explaining.cancel();
  }

  /** The input in the form of the API: a string where the model reads one field. */
  #input() {
    const values = Object.values(this.#fields);
    return values.length === 1 ? values[0] : this.#fields;
  }

  /** @param {Record<string, string>|null} fields null where something is still missing. */
  ask(fields) {
    this.#explaining.cancel();
    this.#fields = fields;
    if (fields === null) {
      this.#predicting.cancel();
      this.result = null;
      this.asked = null;
      this.element.removeAttribute("aria-busy");
      this.#empty();
      return;
    }
    this.element.setAttribute("aria-busy", "true");
    const input = this.#input();
    this.#predicting.ask(
      (signal) => api.predict(this.model.name, input, signal),
      (result) => this.#answered(input, result),
      (error) => {
        this.result = null;
        this.element.removeAttribute("aria-busy");
        this.#empty();
        show(this.answer, problem(error));
        this.host.announce(`Error: expected ${error.expected}; found ${error.found}`);
      },
    );
  }

  #answered(input, result) {
    this.result = result;
    this.asked = JSON.stringify(input);
    this.element.removeAttribute("aria-busy");
    this.#explanation = null;
    show(this.reading);
    const view = viewOf(this.model.kind);
    const state = { model: this.model, input };
    show(this.fix, this.readOnly || view.correction === null ? null
      : correctionForm(view.correction(result, state), (right) => api.correct(this.model.name, input, result, right), this.host.announce));
    this.host.answered(this);
    this.explain(this.why);
  }

  /** Draws the answer. `reference` is the first model's result for the same input, if this is another. */
  draw(below, reference) {
    if (this.result === null) return;
    const view = viewOf(this.model.kind);
    this.badge.hidden = reference === undefined || !view.differs(this.result, reference);
    const state = { model: this.model, input: JSON.parse(this.asked), below, reference, fillIn: this.host.fillIn };
    show(this.answer, view.show(this.result, state), cutNote(this.result), unknownNote(this.result));
  }

  /** Asks which words moved the result, or takes the tint away. */
  explain(wanted, target) {
    this.why = wanted;
    if (!wanted || this.result === null) {
      this.#explaining.cancel();
      show(this.reading);
      if (this.result?.truncated) this.#showUnread();
      return;
    }
    const input = this.#input();
    this.#explaining.ask(
      (signal) => api.explain(this.model.name, input, target, signal),
      (found) => {
        this.#explanation = found;
        show(this.reading, this.#targets(found), tinted(this.#fields, found));
      },
      (error) => show(this.reading, error.status === 404 || error.status === 501 ? null : problem(error)),
    );
  }

  /** Greys what a text that was cut did not have read; an explanation does so itself. */
  #showUnread() {
    const input = this.#input();
    this.#explaining.ask(
      (signal) => api.unread(this.model.name, input, signal),
      (found) => show(this.reading, readInPart(this.#fields, found.unread)),
      (error) => show(this.reading, problem(error)),
    );
  }

  /** A list to ask about another label, where there are several. */
  #targets(found) {
    if (this.model.kind !== "labels" || this.model.labels.length < 2) return null;
    const select = h("select", { "aria-label": "Label that is explained", on: { change: () => this.explain(true, select.value) } },
      this.model.labels.map((name) => h("option", { value: name, selected: name === found.target }, name)));
    return h("label", { class: "target" }, "Towards ", select);
  }
}
