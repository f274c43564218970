// Where the server wants an API key, the page asks for it, and forgets it when it is closed.

import { h, show } from "./dom.js";

let asking = null;

/** Asks for a key; several requests that wait share one question. */
export function askKey(wasWrong) {
  asking ??= new Promise((resolve) => {
    const dialog = document.getElementById("key");
    const field = h("input", { type: "password", required: true, autocomplete: "off" });
    show(dialog, h("form", { on: {
      submit: (event) => {
        event.preventDefault();
        asking = null;
        dialog.close();
        resolve(field.value.trim());
      },
    } },
    h("h2", { id: "key-title" }, "This server asks for a key"),
    wasWrong ? h("p", { class: "problem" }, "The server does not know that key.") : null,
    h("label", { class: "field" }, "API key", field),
    h("button", { class: "main" }, "Go on")));
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.showModal();
  });
  return asking;
}
