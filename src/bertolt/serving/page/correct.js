// "Wrong? Say what it should be."

import { h, problem, show } from "./dom.js";

/**
 * @param {{element: Node, value: () => any}} field of the view.
 * @param {(right: any) => Promise<any>} save resolves when the server has written it down.
 * @param {(text: string) => void} announce
 */
export function correctionForm(field, save, announce) {
  const said = h("div", {});
  const button = h("button", {}, "Save correction");
  const form = h("form", { class: "correct", on: {
    submit: async (event) => {
      event.preventDefault();
      button.disabled = true;
      show(said);
      try {
        await save(field.value());
        show(said, h("p", { class: "saved" }, "Saved. Thank you."));
        announce("Correction saved");
      } catch (error) {
        show(said, problem(error));
        announce("The correction was not saved");
        button.disabled = false;
      }
    },
    input: () => { button.disabled = false; },
  } }, field.element, button, said);
  return h("details", { class: "wrong" }, h("summary", {}, "Wrong? Say what it should be"), form);
}
