// The server's routes. Nothing else on the page speaks to the network, and nothing to another host.

/** An answer that was no success, with the server's three parts where it gave them. */
export class ApiError extends Error {
  constructor(status, parts) {
    super(parts?.found ?? `the server answered ${status}`);
    this.status = status;
    this.expected = parts?.expected;
    this.found = parts?.found;
    this.do = parts?.do;
  }
}

const VERSION = "X-Bertolt-Models";
let version = null;
let tellChanged = null;

/** Says whom to tell when an answer comes from other models than the one before. */
export function onModelsChanged(tell) {
  tellChanged = tell;
}

function noteVersion(response) {
  const found = response.headers.get(VERSION);
  if (found === null) return;
  const changed = version !== null && found !== version;
  version = found;
  if (changed) tellChanged?.();
}

let key = "";
let askForKey = null;

/** Says how a key is asked for, where the server wants one; resolves to the key. */
export function onKeyNeeded(ask) {
  askForKey = ask;
}

async function call(path, { json, body, type, method, signal } = {}) {
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  const content = json === undefined ? body : JSON.stringify(json);
  if (content !== undefined) headers["Content-Type"] = type ?? "application/json";
  const verb = method ?? (content === undefined ? "GET" : "POST");
  const asked = key;
  let response;
  try {
    response = await fetch(path, { method: verb, headers, body: content, signal, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { expected: "an answer from the server", found: "none", do: "check that the server still runs, and try again" });
  }
  noteVersion(response);
  if (response.status === 401 && askForKey !== null) {
    if (key === asked) key = await askForKey(asked !== "");
    return call(path, { json, body, type, method, signal });
  }
  if (!response.ok) throw new ApiError(response.status, await parts(response));
  return response;
}

async function parts(response) {
  try {
    const { error } = await response.json();
    if (error?.expected) return error;
  } catch {
    // Not ours: a proxy's page, say.
  }
  const wait = response.headers.get("Retry-After");
  return { expected: "an answer", found: `status ${response.status}`, do: wait ? `try again in ${wait} s` : "try again" };
}

const at = (name, ...rest) => ["v1/models", encodeURIComponent(name), ...rest].join("/");
const json = async (...request) => (await call(...request)).json();

/** {"models": […], "read_only": …} */
export const models = () => json("v1/models");
/** {"name", "card", "record"} */
export const model = (name) => json(at(name));
/** The result of one input. */
export async function predict(name, input, signal) {
  const { results } = await json(at(name, "predict"), { json: { inputs: input }, signal });
  return results[0];
}
/** {"target", "tokens", "method"} */
export const explain = (name, input, target, signal) =>
  json(at(name, "explain"), { json: target === undefined ? { input } : { input, target }, signal });
/** {"unread": [{"field", "start", "end"}]}: what the model leaves out of an input. */
export const unread = (name, input, signal) => json(at(name, "unread"), { json: { input }, signal });
export const correct = (name, input, prediction, correction) =>
  json(at(name, "corrections"), { json: { input, prediction, correction } });
/** {"state", "done", "total", "shown", "right", "failed", "examples": […]} */
export const examples = (name, only, offset) => json(`${at(name, "examples")}?only=${only}&offset=${offset}`);
/** {"state", "pictures": [{"name", "title", "alt", "meaning"}]} */
export const pictures = (name) => json(at(name, "pictures"));
/** One picture as an address of its own, so that a key can be sent for it. */
export async function picture(name, which) {
  const bytes = new Uint8Array(await (await call(at(name, "pictures", `${which}.svg`))).arrayBuffer());
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return `data:image/svg+xml;base64,${btoa(binary)}`;
}
/** {"job"}: a table that is being predicted. */
export const startTable = (name, file) => json(at(name, "table"), { body: file, type: "text/csv" });
/** {"state", "done", "total", "columns", "rows", …} */
export const table = (name, job, order, offset) => json(`${at(name, "table", job)}?order=${order}&offset=${offset}`);
export const dropTable = (name, job) => call(at(name, "table", job), { method: "DELETE" });
/** The finished table as a file. */
export const tableFile = async (name, job) => (await call(at(name, "table", job, "result.csv"))).blob();
