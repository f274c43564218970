// Drop a table: progress, the rows sorted by confidence, and the file with the results.

import * as api from "./api.js";
import { h, problem, show } from "./dom.js";
import { count, percent, said, sureness } from "./format.js";
import { progress, whenReady } from "./waiting.js";

export function tableSection(model, announce) {
  const fields = model.fields.filter((field) => !field.optional).map((field) => field.name);
  const file = h("input", { type: "file", id: "table-file", accept: ".csv,text/csv", on: { change: () => file.files[0] && begin(file.files[0]) } });
  const drop = h("div", { class: "drop", on: {
    dragover: (event) => { event.preventDefault(); drop.classList.add("over"); },
    dragleave: () => drop.classList.remove("over"),
    drop: (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      const [dropped] = event.dataTransfer.files;
      if (dropped) begin(dropped);
    },
  } }, h("label", { for: "table-file" }, "Drop a CSV file here, or choose one"), file,
  h("p", { class: "note" }, `Its first line names the columns; needed: ${fields.join(", ")}. The file stays in the memory of the server and is forgotten after a while.`));
  const outcome = h("div", { class: "outcome" });
  let number = 0;

  async function begin(chosen) {
    number += 1;
    const own = number;
    const current = (use) => (found) => { if (own === number) use(found); };
    show(outcome, progress({ done: 0, total: 0 }));
    try {
      const { job } = await api.startTable(model.name, chosen);
      const cancel = h("button", { type: "button", on: { click: () => {
        number += 1;
        api.dropTable(model.name, job).catch(() => {});
        show(outcome, h("p", {}, "Stopped; the server has forgotten the file."));
      } } }, "Stop");
      whenReady(outcome, () => api.table(model.name, job, "unsure", 0),
        current((bar) => show(outcome, bar, cancel)),
        current((found) => {
          announce(`${count(found.total, "row")} done`);
          show(outcome, new Finished(model, job, chosen.name, found).element);
        }),
        current((error) => show(outcome, problem(error))));
    } catch (error) {
      current(() => show(outcome, problem(error)))();
    }
    file.value = "";
  }
  return h("section", {}, h("h1", {}, "Table"), drop, outcome);
}

class Finished {
  constructor(model, job, name, found) {
    this.model = model;
    this.job = job;
    this.order = "unsure";
    this.found = found;
    this.body = h("tbody", {});
    this.shown = 0;
    this.fields = found.columns;
    this.more = h("button", { type: "button", on: { click: () => this.#load(false) } }, "Show more");
    this.saved = h("p", { class: "dim" });
    this.confidence = h("th", { scope: "col", "aria-sort": "ascending" },
      h("button", { type: "button", class: "sort", on: { click: () => this.#turn() } }, "Confidence ", h("span", { "aria-hidden": "true", class: "arrow" }, "▲")));
    this.element = h("div", {},
      h("div", { class: "bar" },
        h("p", {}, `${count(found.total, "row")} done`, found.truncated ? `; ${count(found.truncated, "text")} not read whole` : "", found.mostly_unknown ? `; of ${count(found.mostly_unknown, "text")} more than half of the tokens are not in the model's vocabulary` : "", found.failed ? `; ${count(found.failed, "row")} failed` : "", found.without_text ? `; ${count(found.without_text, "row")} without text` : "", "."),
        found.note ? h("p", { class: "dim" }, found.note) : "",
        h("button", { type: "button", class: "main", on: { click: () => this.#download(name) } }, "Download CSV")),
      this.saved,
      h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Rows with results" }, h("table", { class: "rows" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Line"), h("th", { scope: "col" }, "Result"), this.confidence,
          this.fields.map((field) => h("th", { scope: "col" }, field)))), this.body)),
      this.more);
    this.#append(found);
  }

  #append(found) {
    this.body.append(...found.rows.map((row) => {
      const sure = row.result ? sureness(row.result) : null;
      const result = row.error ? h("td", { class: "warn" }, `failed: ${row.error.found}`)
        : row.result ? h("td", { class: "said" }, said(row.result)) : h("td", { class: "dim" }, "no text");
      return h("tr", {}, h("td", { class: "number" }, row.line), result,
        h("td", { class: "number" }, sure === null ? "–" : percent(sure)),
        this.fields.map((field) => h("td", { class: "text" }, row.values[field] ?? "")));
    }));
    this.shown += found.rows.length;
    this.more.hidden = this.shown >= found.total;
  }

  async #load(anew) {
    try {
      const found = await api.table(this.model.name, this.job, this.order, anew ? 0 : this.shown);
      if (anew) {
        show(this.body);
        this.shown = 0;
      }
      this.#append(found);
    } catch (error) {
      show(this.saved, problem(error));
    }
  }

  #turn() {
    this.order = this.order === "unsure" ? "sure" : "unsure";
    this.confidence.setAttribute("aria-sort", this.order === "unsure" ? "ascending" : "descending");
    this.confidence.querySelector(".arrow").textContent = this.order === "unsure" ? "▲" : "▼";
    this.#load(true);
  }

  async #download(name) {
    try {
      const address = URL.createObjectURL(await api.tableFile(this.model.name, this.job));
      const link = h("a", { href: address, download: `${name.replace(/\.csv$/i, "")}-results.csv` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    } catch (error) {
      show(this.saved, problem(error));
    }
  }
}
