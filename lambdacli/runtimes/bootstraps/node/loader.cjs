// Finds and loads the handler, in the order in which Lambda looks for it.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { fault, missing } = require("./errors.cjs");
const { defineGlobals, isStreaming } = require("./streaming-global.cjs");

const importFile = (file) => import(pathToFileURL(file));

// The handler of a name such as folder/index.nested.handler. Throws the errors that Lambda reports.
async function load(root, name, modern) {
  if (name.includes("..")) {
    throw fault(
      "MalformedHandlerName",
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const base = path.basename(name);
  const folder = name.slice(0, name.indexOf(base));
  const dot = base.indexOf(".");
  if (dot < 0) throw fault("MalformedHandlerName", "Bad handler");
  defineGlobals(modern);
  const module = await loadModule(root, folder, base.slice(0, dot), modern);
  const handler = resolve(module, base.slice(dot + 1), modern);
  if (!handler) throw fault("HandlerNotFound", `${name} is undefined or not exported`);
  if (typeof handler !== "function") throw fault("HandlerNotFound", `${name} is not a function`);
  isStreaming(handler); // refuses an unknown mode
  return handler;
}

async function loadModule(root, folder, name, modern) {
  try {
    const file = path.resolve(root, folder, name);
    const module = await (modern ? loadModern(file) : loadClassic(file));
    return module || require(require.resolve(name, { paths: [root, path.join(root, folder)] }));
  } catch (error) {
    if (error instanceof SyntaxError) throw fault("UserCodeSyntaxError", String(error), error);
    if (error?.code === "MODULE_NOT_FOUND") throw fault("ImportModuleError", missing(error));
    throw error;
  }
}

async function loadModern(file) {
  for (const ending of ["", ".js", ".mjs", ".cjs"]) {
    if (fs.existsSync(file + ending)) return importFile(file + ending);
  }
  return undefined;
}

async function loadClassic(file) {
  const exists = (ending) => fs.existsSync(file + ending);
  const extensionless = exists("") && require(file);
  if (extensionless) return extensionless;
  const esm = exists(".js") && isModuleFolder(path.dirname(file));
  if (!esm && exists(".js")) {
    const loaded = require(`${file}.js`);
    if (loaded) return loaded;
  }
  return (
    (esm && (await importFile(`${file}.js`))) ||
    (exists(".mjs") && (await importFile(`${file}.mjs`))) ||
    (exists(".cjs") && require(`${file}.cjs`))
  );
}

// Whether the nearest package.json says that .js files are ES modules.
function isModuleFolder(folder) {
  if (path.basename(folder) === "node_modules") return false;
  const file = path.join(folder, "package.json");
  if (fs.existsSync(file)) {
    try {
      return JSON.parse(fs.readFileSync(file, "utf8"))?.type === "module";
    } catch (error) {
      console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, error);
      return false;
    }
  }
  const parent = path.dirname(folder);
  return parent !== folder && isModuleFolder(parent);
}

function resolve(module, name, modern) {
  const keys = name.split(".");
  if (!modern) return keys.reduce((nested, key) => nested && nested[key], module);
  const find = (object) => keys.reduce((nested, key) => (typeof nested === "object" ? nested?.[key] : undefined), object);
  return find(module) || (module?.default ? find(module.default) : undefined);
}

module.exports = { load };
