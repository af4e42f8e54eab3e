// Node.js from 24: handlers are functions of event and context, and what they return or throw is the answer.
"use strict";

const errors = require("./errors.cjs");
const { load } = require("./loader.cjs");
const { highWaterMark, isStreaming } = require("./streaming-global.cjs");

const CALLBACK_PARAMETERS = 3;

async function start(api, current, store, state) {
  const handler = await loaded(api, state);
  const streaming = isStreaming(handler);
  for (;;) {
    const [headers, body] = await new Promise((resolve) => api.next((...received) => resolve(received)));
    current.requestId = headers["lambda-runtime-aws-request-id"];
    state.headers = headers;
    const context = contextOf(headers);
    const event = JSON.parse(body);
    const keys = store.constructor.PROTECTED_KEYS;
    await store.run(
      { [keys.REQUEST_ID]: current.requestId, [keys.X_RAY_TRACE_ID]: context.xRayTraceId },
      () =>
        streaming
          ? require("./streaming.cjs").invoke(api, handler, headers, () => [event, context], highWaterMark(handler))
          : invoke(api, handler, headers, event, context),
    );
    state.headers = null;
  }
}

async function loaded(api, state) {
  try {
    const handler = await load(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER, true);
    if (handler.length >= CALLBACK_PARAMETERS && !isStreaming(handler)) {
      throw errors.fault(
        "CallbackHandlerDeprecated",
        "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify " +
          "this function to use a supported handler signature to use Node.js 24 or later. For more information see " +
          "https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.",
      );
    }
    state.loading = false;
    return handler;
  } catch (error) {
    errors.log("Init Error", error);
    await new Promise((resolve) => api.failInit(errors.describe(error), resolve));
    process.exit(1);
  }
}

async function invoke(api, handler, headers, event, context) {
  try {
    const result = await handler(event, context);
    const body = encode(result);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => api.respond(headers, body, resolve));
  } catch (error) {
    await new Promise((resolve) => setImmediate(resolve));
    errors.log("Invoke Error", error);
    await new Promise((resolve) => api.fail(headers, errors.describe(error), resolve));
  }
}

function encode(result) {
  try {
    const text = JSON.stringify(result === undefined ? null : result);
    if (text !== undefined) return text;
  } catch {
    // reported below, as a value without JSON is
  }
  throw errors.fault("JSONStringifyError", "Unable to stringify response body");
}

function contextOf(headers) {
  const env = process.env;
  const trace = headers["lambda-runtime-trace-id"];
  if (trace) env._X_AMZN_TRACE_ID = trace;
  else delete env._X_AMZN_TRACE_ID;
  const deadline = parseInt(headers["lambda-runtime-deadline-ms"], 10);
  return {
    clientContext: parse(headers, "lambda-runtime-client-context"),
    identity: parse(headers, "lambda-runtime-cognito-identity"),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    tenantId: headers["lambda-runtime-aws-tenant-id"],
    xRayTraceId: trace,
    getRemainingTimeInMillis: () => deadline - Date.now(),
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
  };
}

function parse(headers, name) {
  if (!headers[name]) return undefined;
  try {
    return JSON.parse(headers[name]);
  } catch (error) {
    throw errors.fault("PlatformError", `Failed to parse ${name} as JSON: ${error.message}`);
  }
}

// What libraries read the current invocation from (awslambda.InvokeStore).
class InvokeStore {
  static PROTECTED_KEYS = {
    REQUEST_ID: Symbol.for("_AWS_LAMBDA_REQUEST_ID"),
    X_RAY_TRACE_ID: Symbol.for("_AWS_LAMBDA_X_RAY_TRACE_ID"),
    TENANT_ID: Symbol.for("_AWS_LAMBDA_TENANT_ID"),
  };

  getContext() {
    return this.context;
  }

  hasContext() {
    return this.context !== undefined;
  }

  get(key) {
    return this.context?.[key];
  }

  set(key, value) {
    if (this.isProtectedKey(key)) throw new Error(`Cannot modify protected Lambda context field: ${String(key)}`);
    this.context = { ...this.context, [key]: value };
  }

  isProtectedKey(key) {
    return Object.values(InvokeStore.PROTECTED_KEYS).includes(key);
  }

  getRequestId() {
    return this.get(InvokeStore.PROTECTED_KEYS.REQUEST_ID) ?? "-";
  }

  getXRayTraceId() {
    return this.get(InvokeStore.PROTECTED_KEYS.X_RAY_TRACE_ID);
  }

  getTenantId() {
    return this.get(InvokeStore.PROTECTED_KEYS.TENANT_ID);
  }

  run(context, wrapped) {
    this.context = context;
    return wrapped();
  }
}

function run(api, current) {
  const store = new InvokeStore();
  if (!["1", "true"].includes(process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA)) {
    globalThis.awslambda = { ...globalThis.awslambda, InvokeStore: store };
  }
  const state = { loading: true, headers: null };
  process.on("beforeExit", () => {
    // The event loop is empty while something is awaited that will never come.
    const error = errors.neverSettled();
    errors.log(state.loading ? "Init Error" : "Invoke Error", error);
    const end = () => process.exit(errors.UNSETTLED);
    if (state.loading) api.failInit(errors.describe(error), end);
    else if (state.headers) api.fail(state.headers, errors.describe(error), end);
  });
  start(api, current, store, state);
}

module.exports = { run };
