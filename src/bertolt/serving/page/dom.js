// Elements without HTML strings: whatever people or models write stays text.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Makes an element.
 * @param {string} tag its name.
 * @param {object} options attributes; `on` holds listeners, `vars` CSS variables (set through the CSSOM,
 *     as the page allows no inline styles); null and false leave an attribute out.
 * @param {...(Node|string|number|null|Array)} children text or nodes.
 */
export function h(tag, options = {}, ...children) {
  return fill(document.createElement(tag), options, children);
}

/** The same for SVG. */
export function svg(tag, options = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), options, children);
}

function fill(element, { on = {}, vars = {}, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  for (const [name, value] of Object.entries(vars)) element.style.setProperty(`--${name}`, String(value));
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false).map(node));
  return element;
}

function node(child) {
  return child instanceof Node ? child : document.createTextNode(String(child));
}

/** Replaces what an element holds. */
export function show(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false).map(node));
}

/** Text that only a screen reader says. */
export function spoken(text) {
  return h("span", { class: "spoken" }, text);
}

/** The three parts of an error, as a box. */
export function problem(error) {
  const { expected, found, do: advice } = error;
  if (!expected) return h("p", { class: "problem" }, error.message ?? String(error));
  return h("p", { class: "problem" }, h("strong", {}, "Expected "), expected, h("br"), h("strong", {}, "Found "), found, h("br"), h("strong", {}, "Do "), advice);
}
