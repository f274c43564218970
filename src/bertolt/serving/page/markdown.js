// A model card's markdown as elements. Knows headings, paragraphs, lists, tables, code, bold and code spans;
// everything else, HTML included, stays the text that it is.

import { h } from "./dom.js";

/** @returns {Node[]} */
export function markdown(source) {
  const lines = withoutFrontMatter(source.split(/\r?\n/));
  const nodes = [];
  let at = 0;
  while (at < lines.length) {
    const block = [fence, heading, table, list, paragraph].map((read) => read(lines, at)).find(Boolean);
    if (block) nodes.push(block.node);
    at = block ? block.next : at + 1;
  }
  return nodes;
}

function withoutFrontMatter(lines) {
  if (lines[0] !== "---") return lines;
  const end = lines.indexOf("---", 1);
  return end < 0 ? lines : lines.slice(end + 1);
}

function fence(lines, at) {
  if (!lines[at].startsWith("```")) return null;
  let end = at + 1;
  while (end < lines.length && !lines[end].startsWith("```")) end += 1;
  return { node: h("pre", { tabindex: "0" }, h("code", {}, lines.slice(at + 1, end).join("\n"))), next: end + 1 };
}

function heading(lines, at) {
  const found = /^(#{1,4})\s+(.*)$/.exec(lines[at]);
  // The page's own title is the first heading, so the card's begin one below.
  return found ? { node: h(`h${Math.min(6, found[1].length + 1)}`, {}, inline(found[2])), next: at + 1 } : null;
}

function table(lines, at) {
  if (!lines[at].startsWith("|") || !/^\|[\s:|-]+\|$/.test(lines[at + 1] ?? "")) return null;
  const cells = (line) => line.slice(1, -1).split("|").map((cell) => cell.trim());
  let end = at + 2;
  while (end < lines.length && lines[end].startsWith("|")) end += 1;
  const row = (tag, line) => h("tr", {}, cells(line).map((cell) => h(tag, tag === "th" ? { scope: "col" } : {}, inline(cell))));
  return {
    node: h("div", { class: "scroll" }, h("table", {}, h("thead", {}, row("th", lines[at])), h("tbody", {}, lines.slice(at + 2, end).map((line) => row("td", line))))),
    next: end,
  };
}

function list(lines, at) {
  if (!/^[-*]\s+/.test(lines[at])) return null;
  let end = at;
  while (end < lines.length && /^[-*]\s+/.test(lines[end])) end += 1;
  return { node: h("ul", {}, lines.slice(at, end).map((line) => h("li", {}, inline(line.replace(/^[-*]\s+/, ""))))), next: end };
}

function paragraph(lines, at) {
  if (lines[at].trim() === "") return null;
  let end = at + 1;
  while (end < lines.length && lines[end].trim() !== "" && !/^(#|```|\||[-*]\s)/.test(lines[end])) end += 1;
  return { node: h("p", {}, inline(lines.slice(at, end).join(" "))), next: end };
}

function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.length > 2 && part.startsWith("`") && part.endsWith("`")) return h("code", {}, part.slice(1, -1));
    if (part.length > 4 && part.startsWith("**") && part.endsWith("**")) return h("strong", {}, part.slice(2, -2));
    return part;
  });
}
