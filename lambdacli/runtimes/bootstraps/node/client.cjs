// The Lambda Runtime API over one kept connection: HTTP/1.1 on a bare socket, which `http` takes twice as long for.
"use strict";

const net = require("node:net");

const ROOT = "/2018-06-01/runtime";
const END_OF_HEAD = Buffer.from("\r\n\r\n");

class RuntimeApi {
  constructor(address) {
    this.address = address;
    const colon = address.lastIndexOf(":");
    this.head = ` HTTP/1.1\r\nHost: ${address}\r\n`;
    this.next_ = `GET ${ROOT}/invocation/next${this.head}\r\n`;
    this.answered = null; // called with (status, headers, body) of the one request under way
    this.pieces = []; // of its answer
    this.length = 0; // of them together
    this.least = 0; // how long the answer will be, as far as that is known
    this.socket = net.connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)), noDelay: true });
    this.socket.unref();
    this.socket.on("data", (data) => this.receive(data));
    // The tool is gone: end at once, and quietly.
    this.socket.on("error", () => process.reallyExit(0));
    this.socket.on("close", () => process.reallyExit(0));
    this.socket.on("end", () => process.reallyExit(0));
  }

  // Wait for an event: calls back with its headers, by lower-case name, and its body as text.
  // Only here does the connection keep the event loop alive.
  next(callback) {
    this.socket.ref();
    this.send(this.next_, (status, headers, body) => {
      if (status !== 200) process.reallyExit(1);
      this.socket.unref();
      const event = body.toString();
      queueMicrotask(() => callback(headers, event)); // the socket's frames would end every stack trace
    });
  }

  respond(headers, body, callback) {
    this.post(`/invocation/${encodeURIComponent(headers["lambda-runtime-aws-request-id"])}/response`, headers, "", body, callback);
  }

  fail(headers, error, callback) {
    const id = encodeURIComponent(headers["lambda-runtime-aws-request-id"]);
    this.post(`/invocation/${id}/error`, headers, typeLine(error), JSON.stringify(error), callback);
  }

  failInit(error, callback) {
    this.post("/init/error", {}, typeLine(error), JSON.stringify(error), callback);
  }

  post(path, headers, lines, body, callback) {
    if (this.answered) {
      // a request is under way, whose answer may never come
      new RuntimeApi(this.address).post(path, headers, lines, body, callback);
      return;
    }
    const length = Buffer.byteLength(body);
    this.socket.ref();
    this.send(
      `POST ${ROOT}${path}${this.head}Content-Type: application/json\r\n${lines}${invocationLine(headers)}` +
        `Content-Length: ${length}\r\n\r\n${body}`,
      (status) => callback(status),
    );
  }

  // The head of a streamed response; chunks follow on the socket, then the answer comes.
  openStream(headers, contentType, answered) {
    const id = encodeURIComponent(headers["lambda-runtime-aws-request-id"]);
    this.socket.ref();
    this.send(
      `POST ${ROOT}/invocation/${id}/response${this.head}Lambda-Runtime-Function-Response-Mode: streaming\r\n` +
        "Trailer: Lambda-Runtime-Function-Error-Type\r\nTrailer: Lambda-Runtime-Function-Error-Body\r\n" +
        `Content-Type: ${contentType}\r\n${invocationLine(headers)}Transfer-Encoding: chunked\r\n\r\n`,
      answered,
    );
    return this.socket;
  }

  send(text, answered) {
    this.answered = answered;
    this.socket.write(text);
  }

  // Pieces are joined when there may be an answer in them, not each time one comes: events have up to 6 MB.
  receive(data) {
    this.pieces.push(data);
    this.length += data.length;
    if (this.length < this.least) return;
    const received = this.pieces.length > 1 ? Buffer.concat(this.pieces, this.length) : data;
    this.pieces = [received];
    const end = received.indexOf(END_OF_HEAD);
    if (end < 0) return;
    const [first, ...lines] = received.toString("utf8", 0, end).split("\r\n");
    const headers = {};
    for (const line of lines) {
      const colon = line.indexOf(":");
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    const { least, body } = bodyOf(received, end + 4, headers);
    this.least = least;
    if (!body) return;
    const answered = this.answered;
    this.answered = null;
    this.pieces = [];
    this.length = this.least = 0;
    if (answered) answered(Number(first.slice(9, 12)), headers, body);
  }
}

// The body that starts at an offset or, while it is incomplete, how long all of the data will at least be.
function bodyOf(data, start, headers) {
  if (headers["transfer-encoding"] === "chunked") return chunkedBody(data, start);
  const end = start + Number(headers["content-length"] || 0);
  return data.length < end ? { least: end } : { body: data.subarray(start, end) };
}

function chunkedBody(data, start) {
  const parts = [];
  for (let at = start; ; ) {
    const line = data.indexOf("\r\n", at);
    if (line < 0) return { least: 0 };
    const size = parseInt(data.toString("latin1", at, line), 16);
    const end = line + 2 + size;
    if (data.length < end + 2) return { least: end + 2 };
    if (!size) return { body: Buffer.concat(parts) };
    parts.push(data.subarray(line + 2, end));
    at = end + 2;
  }
}

function typeLine(error) {
  const type = String(error.errorType).replace(/[^\x20-\x7e]/g, "?");
  return `Lambda-Runtime-Function-Error-Type: ${type}\r\n`;
}

function invocationLine(headers) {
  const id = headers["lambda-runtime-invocation-id"];
  return id ? `Lambda-Runtime-Invocation-Id: ${id}\r\n` : "";
}

module.exports = { RuntimeApi };
