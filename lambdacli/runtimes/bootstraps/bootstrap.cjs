// Starts Node.js's runtime client: `node bootstrap.cjs`; Node.js 18 or later, no dependencies.
"use strict";

const fs = require("node:fs");
const errors = require("./node/errors.cjs");
const { RuntimeApi } = require("./node/client.cjs");

const MODERN = 24; // the first version without callbacks

function waitAsSpare(descriptor) {
  // Load what an invocation needs, then wait to be told which function this process is.
  require("./node/loader.cjs");
  require("./node/console.cjs");
  require("./node/classic.cjs");
  require("./node/modern.cjs");
  new Date().toISOString();
  const told = fs.readFileSync(descriptor, "utf8");
  if (!told) process.exit(0);
  fs.closeSync(descriptor);
  const { environment, cwd } = JSON.parse(told);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, environment);
  process.chdir(cwd);
  require("node:module").Module._initPaths(); // NODE_PATH
}

function declaredMajor() {
  const [, declared] = /^AWS_Lambda_nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV || "") || [];
  return Number(declared || process.versions.node.split(".")[0]);
}

function main() {
  if (process.env.LAMBDACLI_SPARE_FD) waitAsSpare(Number(process.env.LAMBDACLI_SPARE_FD));
  const modern = declaredMajor() >= MODERN;
  errors.use(modern);
  const current = require("./node/console.cjs").patch(modern);
  const api = new RuntimeApi(process.env.AWS_LAMBDA_RUNTIME_API);
  require(modern ? "./node/modern.cjs" : "./node/classic.cjs").run(api, current);
}

main();
