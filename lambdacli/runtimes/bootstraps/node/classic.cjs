// Node.js up to 22: callbacks, contexts with done(), and an answer that waits for an empty event loop.
"use strict";

const errors = require("./errors.cjs");
const { load } = require("./loader.cjs");
const { highWaterMark, isStreaming } = require("./streaming-global.cjs");

const UNCAUGHT = 129; // exit status after an uncaught exception
const UNHANDLED = 128; // exit status after an unhandled rejection

class Classic {
  constructor(api, current) {
    this.api = api;
    this.current = current;
    this.crashed = false;
    this.headers = null; // of the last invocation; null while loading
    this.whenIdle = () => {}; // called when the event loop runs empty
  }

  async start() {
    this.handler = await load(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER, false);
    this.streaming = isStreaming(this.handler);
    this.again();
  }

  again() {
    setImmediate(() => {
      if (!this.crashed) this.api.next((headers, body) => this.invoke(headers, body));
    });
  }

  invoke(headers, body) {
    this.headers = headers;
    this.current.requestId = headers["lambda-runtime-aws-request-id"];
    this.current.tenantId = headers["lambda-runtime-aws-tenant-id"];
    if (this.streaming) this.stream(headers, body);
    else this.call(headers, body);
  }

  call(headers, body) {
    const invocation = new Invocation(this, headers);
    this.whenIdle = () => invocation.complete(null);
    try {
      const context = { ...contextOf(headers) };
      const result = this.handler(JSON.parse(body), invocation.extend(context), invocation.callback);
      if (typeof result?.then === "function") result.then(invocation.succeed, invocation.fail).catch(invocation.fail);
    } catch (error) {
      invocation.callback(error);
    }
  }

  async stream(headers, body) {
    let waits = true;
    const context = {
      get callbackWaitsForEmptyEventLoop() {
        return waits;
      },
      set callbackWaitsForEmptyEventLoop(value) {
        waits = value;
      },
    };
    this.whenIdle = () => this.again();
    await require("./streaming.cjs").invoke(
      this.api, this.handler, headers, () => [JSON.parse(body), Object.assign(context, contextOf(headers))],
      highWaterMark(this.handler),
    );
    this.whenIdle = () => {};
    this.again();
  }

  // Report an error that nobody caught, to the invocation or as an error of the initialisation, and end.
  crash(title, error, status) {
    this.crashed = true;
    errors.log(title, error);
    const described = errors.describe(error);
    const end = () => process.exit(status);
    if (this.headers) this.api.fail(this.headers, described, end);
    else this.api.failInit(described, end);
  }
}

// One buffered invocation: the first of callback, succeed, fail and done counts.
class Invocation {
  constructor(runtime, headers) {
    this.runtime = runtime;
    this.headers = headers;
    this.waits = true;
    this.completed = false;
    const once = firstCall();
    this.callback = once((error, result) => this.finish(error, result, this.waits));
    const done = (error, result) => this.finish(error, result, false);
    this.done = once(done);
    this.succeed = once((result) => done(null, result));
    this.fail = once((error) => done(error ?? "handled", null));
  }

  extend(context) {
    const invocation = this;
    return Object.defineProperties(
      { callbackWaitsForEmptyEventLoop: true, succeed: this.succeed, fail: this.fail, done: this.done, ...context },
      {
        callbackWaitsForEmptyEventLoop: {
          enumerable: true,
          get: () => invocation.waits,
          set: (value) => {
            invocation.waits = value;
          },
        },
      },
    );
  }

  finish(error, result, waits) {
    this.runtime.whenIdle = () => {};
    if (error !== undefined && error !== null) this.report(error);
    else if (waits) this.runtime.whenIdle = () => setImmediate(() => this.complete(result));
    else this.complete(result);
  }

  report(error) {
    errors.log("Invoke Error", error);
    this.runtime.api.fail(this.headers, errors.describe(error), () => this.runtime.again());
  }

  complete(result) {
    if (this.completed) {
      console.error("Invocation has already been reported as done. Cannot call complete more than once per invocation.");
      return;
    }
    this.completed = true;
    this.runtime.whenIdle = () => {};
    this.runtime.api.respond(this.headers, encode(result), () => this.runtime.again());
  }
}

// Of all functions that it wraps, only the first call of any counts.
function firstCall() {
  let called = false;
  return (wrapped) => (first, second) => {
    if (called) return;
    wrapped(first, second);
    called = true;
  };
}

function encode(result) {
  let text;
  try {
    text = JSON.stringify(result === undefined ? null : result);
  } catch {
    text = undefined;
  }
  if (text === undefined) throw new Error("Unable to stringify response body");
  return text;
}

function contextOf(headers) {
  const env = process.env;
  if (headers["lambda-runtime-trace-id"]) env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"];
  else delete env._X_AMZN_TRACE_ID;
  const deadline = headers["lambda-runtime-deadline-ms"];
  return {
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parse(headers["lambda-runtime-client-context"], "ClientContext"),
    identity: parse(headers["lambda-runtime-cognito-identity"], "CognitoIdentity"),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    tenantId: headers["lambda-runtime-aws-tenant-id"],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

function parse(text, name) {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`Cannot parse ${name} as json: ${error}`);
  }
}

function run(api, current) {
  const runtime = new Classic(api, current);
  process.on("uncaughtException", (error) => runtime.crash("Uncaught Exception", error, UNCAUGHT));
  process.on("unhandledRejection", (reason, promise) => {
    const error = Object.assign(errors.fault("UnhandledPromiseRejection", String(reason)), { reason, promise });
    runtime.crash("Unhandled Promise Rejection", error, UNHANDLED);
  });
  process.on("beforeExit", () => runtime.whenIdle());
  let loaded = false;
  runtime.whenIdle = () => {
    if (!loaded) runtime.crash("Init Error", errors.neverSettled(), errors.UNSETTLED);
  };
  runtime.start().then(
    () => {
      loaded = true;
      runtime.whenIdle = () => {};
    },
    (error) => runtime.crash("Uncaught Exception", error, UNCAUGHT),
  );
}

module.exports = { run };
