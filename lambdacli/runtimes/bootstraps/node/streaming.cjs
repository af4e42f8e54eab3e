// A streamed response: a Writable whose writes are the chunks of one POST to the Runtime API.
"use strict";

const { Writable } = require("node:stream");
const errors = require("./errors.cjs");

class ResponseStream extends Writable {
  constructor(api, headers, highWaterMark) {
    super({ highWaterMark });
    this.api = api;
    this.headers = headers;
    this.contentType = "application/octet-stream";
    this.socket = null;
    this.written = false;
    this.trailers = "";
    this.accepted = new Promise((resolve) => {
      this.accept = resolve;
    });
  }

  setContentType(type) {
    if (this.written) throw errors.fault("InvalidStreamingOperation", "Cannot set content-type, too late.");
    this.contentType = type;
  }

  write(chunk, encoding, callback) {
    const plain = typeof chunk === "string" || chunk instanceof Uint8Array;
    if (!this.written) {
      this.written = true;
      this._onBeforeFirstWrite?.((first) => super.write(first));
    }
    return super.write(plain ? chunk : JSON.stringify(chunk), encoding, callback);
  }

  _write(chunk, _encoding, callback) {
    this.open();
    if (!chunk.length) {
      callback();
      return;
    }
    this.socket.cork();
    this.socket.write(`${chunk.length.toString(16)}\r\n`);
    this.socket.write(chunk);
    this.socket.write("\r\n", callback);
    this.socket.uncork();
  }

  _final(callback) {
    this.open();
    this.socket.write(`0\r\n${this.trailers}\r\n`, callback);
  }

  open() {
    this.socket ??= this.api.openStream(this.headers, this.contentType, () => this.accept());
  }

  // End with an error: its type and the error object itself as trailers.
  async fail(error) {
    if (this.writableFinished) return;
    if (this.writableEnded) {
      await this.accepted; // too late for trailers
      return;
    }
    const described = errors.describe(error);
    const body = Buffer.from(JSON.stringify(described)).toString("base64");
    const type = String(described.errorType).replace(/[^\x20-\x7e]/g, "?");
    this.trailers = `Lambda-Runtime-Function-Error-Type: ${type}\r\nLambda-Runtime-Function-Error-Body: ${body}\r\n`;
    if (this.destroyed) this._final(() => {});
    else this.end();
    await this.accepted;
  }
}

// Run a streaming handler to the end of its response.
// `prepare` gives the event and the context.
async function invoke(api, handler, headers, prepare, highWaterMark) {
  const stream = new ResponseStream(api, headers, highWaterMark);
  stream.on("error", () => {}); // a destroyed stream is reported through the handler's promise
  try {
    const [event, context] = prepare();
    const own = { handler };
    const result = own.handler(event, stream, context);
    if (typeof result?.then !== "function") throw new Error("Streaming does not support non-async handlers.");
    if ((await result) !== undefined) console.warn("Streaming handlers ignore return values.");
    await stream.accepted;
    if (!stream.writableFinished) throw new Error("Response stream is not finished.");
  } catch (error) {
    errors.log("Invoke Error", error);
    await stream.fail(error);
  }
}

module.exports = { invoke };
