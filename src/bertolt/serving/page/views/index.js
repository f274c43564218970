// The view of each kind of result. A kind without a view is shown as plain JSON, so that nothing is hidden.

import { h } from "../dom.js";
import * as answers from "./answers.js";
import * as candidates from "./candidates.js";
import * as grade from "./grade.js";
import * as labels from "./labels.js";
import * as tags from "./tags.js";

const VIEWS = { answers, candidates, grade, labels, tags };

const plain = {
  show: (result) => [h("pre", {}, JSON.stringify(result, null, 2))],
  differs: (result, other) => JSON.stringify(result) !== JSON.stringify(other),
  correction: null,
};

/** The view for a kind: show(result, state) → nodes; differs(result, other); correction(result, state). */
export const viewOf = (kind) => VIEWS[kind] ?? plain;
