// `awslambda`, the global with which a handler says that it streams its response.
"use strict";

const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const HIGH_WATER_MARK = Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark");
const HTTP_TYPE = "application/vnd.awslambda.http-integration-response";
const DELIMITER = 8; // NUL bytes between the metadata and the body

class HttpResponseStream {
  // The same stream, which now starts with HTTP's status, headers and cookies.
  static from(stream, metadata) {
    stream.setContentType(HTTP_TYPE);
    const prelude = JSON.stringify(metadata);
    stream._onBeforeFirstWrite = (write) => {
      write(prelude);
      write(new Uint8Array(DELIMITER));
    };
    return stream;
  }
}

function streamifyResponse(handler, options) {
  handler[STREAMING] = "response";
  if (typeof options?.highWaterMark === "number") handler[HIGH_WATER_MARK] = parseInt(options.highWaterMark, 10);
  return handler;
}

function defineGlobals(modern) {
  if (["1", "true"].includes(process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA)) return;
  globalThis.awslambda = { ...(modern ? globalThis.awslambda : {}), streamifyResponse, HttpResponseStream };
}

function isStreaming(handler) {
  if (!handler[STREAMING]) return false;
  if (handler[STREAMING] === "response") return true;
  throw require("./errors.cjs").fault("MalformedStreamingHandler", "Only response streaming is supported.");
}

function highWaterMark(handler) {
  return Number(handler[HIGH_WATER_MARK]) || undefined;
}

module.exports = { defineGlobals, isStreaming, highWaterMark };
