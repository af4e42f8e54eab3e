// Function errors: what is posted to the Runtime API, and how they appear in the log.
"use strict";

const path = require("node:path");
const { types } = require("node:util");

const CLIENT = path.dirname(__dirname);

let modern = false;

// Whether the rules of Node.js 24 and later hold.
function use(isModern) {
  modern = isModern;
}

// A stack as lines, without our frames and those below them, which called us.
function lines(stack) {
  const all = stack.split("\n");
  const ours = all.findIndex((line) => line.startsWith("    at ") && line.includes(CLIENT));
  return ours < 0 ? all : all.slice(0, ours);
}

// The text of an error of require(), with our files in its stack as one.
function missing(error) {
  const [first, ...rest] = String(error).split("\n");
  const kept = rest.filter((line) => !line.startsWith(`- ${CLIENT}`));
  return [first, ...kept, ...(kept.length < rest.length ? [`- ${path.join(CLIENT, "bootstrap.cjs")}`] : [])].join("\n");
}

// An error of the runtime's own. Its stack starts with its type, as in the versions before 24.
function fault(type, message, cause) {
  const error = new Error(message);
  const name = `Runtime.${type}`;
  if (cause && typeof cause.stack === "string") error.stack = modern ? cause.stack : `${name}: ${message}\n${cause.stack}`;
  else if (!modern) error.stack = error.stack.replace(/^Error/, name);
  // not enumerable, or it would show in the log beside errorType
  Object.defineProperty(error, "name", { value: name, enumerable: modern });
  return error;
}

function isError(value) {
  if (modern) return value instanceof Error;
  const parts = value && value.name && value.message && value.stack;
  return types.isNativeError(value) || (parts && [value.name, value.message, value.stack].every((p) => typeof p === "string"));
}

// The error object that the caller gets. A DEL character is escaped, for it is not allowed in HTTP headers.
function describe(error) {
  const clean = (text) => text?.replaceAll("\x7f", "%7F");
  try {
    if (!isError(error)) return { errorType: typeof error, errorMessage: modern ? String(error) : error.toString(), trace: [] };
    const trace = lines(clean(error.stack) || "");
    return { errorType: clean(error.name), errorMessage: clean(error.message), trace: error.stack ? trace : [] };
  } catch {
    return {
      errorType: "handled",
      errorMessage:
        "callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack",
      ...(modern ? { trace: [] } : {}),
    };
  }
}

function enumerable(_key, value) {
  if (!(value instanceof Error)) return value;
  const shown = { errorType: value.name, errorMessage: value.message, code: value.code, ...value };
  if (typeof value.stack === "string") shown.stack = lines(value.stack);
  return shown;
}

// Write an error to the log stream under a title.
function log(title, thrown) {
  const error = thrown instanceof Error ? thrown : new Error(modern ? String(thrown) : thrown);
  if (process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === "JSON") {
    console.error(error);
    return;
  }
  let shown;
  try {
    shown = JSON.stringify(error, enumerable);
  } catch {
    shown = JSON.stringify(describe(error));
  }
  console.error(title, `\t${shown}`);
}

// Node.js ran out of work while the handler, or the loading of its module, was still awaited.
function neverSettled() {
  return fault(
    "NodeJsExit",
    "The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was " +
      "never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes",
  );
}

const UNSETTLED = 13; // Node.js's own exit status for this

module.exports = { UNSETTLED, use, fault, describe, log, missing, neverSettled };
