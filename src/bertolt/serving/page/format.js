// How numbers, labels and long texts are written.

/** A probability as a percentage; never "100%" or "0%" for what is neither. */
export function percent(value) {
  const rounded = (100 * value).toFixed(1);
  if (rounded === "100.0" && value < 1) return ">99.9%";
  if (rounded === "0.0" && value > 0) return "<0.1%";
  return `${rounded}%`;
}

/** A figure of a model, 4 places. */
export function figure(value) {
  return value === null || value === undefined ? "undefined" : value.toFixed(4);
}

/** A signed number with a true minus. */
export function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}

/** "1 word", "2 words". */
export function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** A column's name as a person reads it. */
export function words(name) {
  const read = name.replaceAll("_", " ");
  return read.charAt(0).toUpperCase() + read.slice(1);
}

/** What a result says, on one line, whatever its kind. */
export function said(result) {
  if ("label" in result) return result.label;
  if ("grade" in result) return result.name;
  if ("answer" in result) return result.answer || "no answer";
  if ("words" in result) return result.words.map((word) => word.tag).join(" ");
  return result.text ?? "";
}

/** How sure a result is, 0..1, or null. */
export function sureness(result) {
  if (typeof result.score === "number") return result.score;
  if (result.probabilities) return result.probabilities[result.name] ?? null;
  return null;
}
