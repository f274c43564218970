// The page: which model, which section.

import * as api from "./api.js";
import { cardSection } from "./card.js";
import { h, problem, show } from "./dom.js";
import { gallerySection } from "./gallery.js";
import { askKey } from "./key.js";
import { tableSection } from "./table.js";
import { TrySection } from "./try.js";

const main = document.getElementById("main");

/** Says something to a screen reader, once it is quiet. */
export function announce(text) {
  document.getElementById("announce").textContent = text;
}

function sectionsOf(model) {
  return [
    ["try", "Try it"],
    model.has_examples ? ["examples", "Examples"] : null,
    ["table", "Table"],
    ["model", "Model"],
  ].filter(Boolean);
}

async function start() {
  api.onKeyNeeded(askKey);
  let listed;
  try {
    listed = await api.models();
  } catch (error) {
    show(main, problem(error));
    return;
  }
  const state = { models: listed.models, readOnly: listed.read_only === true, model: listed.models[0] };
  const trying = new TrySection(state, announce);
  const go = (name) => { location.hash = name; };
  const render = () => {
    const known = sectionsOf(state.model);
    const wanted = location.hash.slice(1);
    const [section] = known.find(([name]) => name === wanted) ?? known[0];
    show(document.getElementById("sections"), known.map(([name, title]) =>
      h("a", { href: `#${name}`, "aria-current": name === section ? "page" : null }, title)));
    document.title = `${known.find(([name]) => name === section)[1]} · ${state.model.name} · Bertolt`;
    if (section === "try") show(main, trying.element());
    if (section === "examples") show(main, gallerySection(state.model, (input) => { trying.fill(input); go("try"); }));
    if (section === "table") show(main, tableSection(state.model, announce));
    if (section === "model") show(main, cardSection(state.model));
  };
  const choose = () => show(document.getElementById("models"), picker(state, () => { trying.reset(); render(); }));
  choose();
  api.onModelsChanged(async () => {
    const names = await takeNewModels(state);
    if (names.length === 0) return;
    const text = `The server has loaded a new version of ${names.join(", ")}. What you see comes from it.`;
    const notice = document.getElementById("notice");
    notice.textContent = text;
    notice.hidden = false;
    trying.reset();
    choose();
    render();
  });
  window.addEventListener("hashchange", () => {
    if (location.hash === "#main") return;
    render();
    main.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  });
  render();
}

/** Asks for the list of models again, and returns the names of those that are new. */
async function takeNewModels(state) {
  const known = new Map(state.models.map((model) => [model.name, model.fingerprint]));
  const listed = await api.models();
  const changed = listed.models.filter((model) => known.get(model.name) !== model.fingerprint);
  if (changed.length > 0) {
    state.models = listed.models;
    state.model = listed.models.find((model) => model.name === state.model.name) ?? listed.models[0];
  }
  return changed.map((model) => model.name);
}

function picker(state, changed) {
  if (state.models.length === 1) {
    return h("p", { class: "model" }, h("strong", {}, state.model.name), " ", h("span", { class: "dim" }, state.model.task));
  }
  const select = h("select", { id: "model-choice", on: {
    change: () => {
      state.model = state.models.find((model) => model.name === select.value);
      changed();
    },
  } }, state.models.map((model) => h("option", { value: model.name }, `${model.name} (${model.task})`)));
  return h("label", { class: "model" }, h("span", { class: "dim" }, "Model "), select);
}

start();
