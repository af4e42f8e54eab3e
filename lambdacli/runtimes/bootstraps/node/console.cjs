// Lambda's console: a line per call with time, request id and level, or a JSON object.
"use strict";

const { format } = require("node:util");

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

// Replace console's methods as AWS_LAMBDA_LOG_FORMAT and AWS_LAMBDA_LOG_LEVEL say. Returns the invocation that lines
// belong to, for the loop to fill in.
function patch(modern) {
  const current = { requestId: modern ? "-" : undefined, tenantId: undefined };
  const json = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === "JSON";
  const least = Math.max(LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()), 0);
  LEVELS.forEach((level, rank) => {
    const silent = rank < least && (modern || level !== "FATAL");
    console[level.toLowerCase()] = silent
      ? () => {}
      : (message, ...parameters) => {
          const time = new Date().toISOString();
          const line = json
            ? asJson(current, time, level, message, parameters)
            : `${time}\t${current.requestId}\t${level}\t${format(message, ...parameters)}`;
          process.stdout.write(`${line.replace(/\n/g, "\r")}\n`);
        };
  });
  console.log = console.info;
  return current;
}

function asJson(current, timestamp, level, message, parameters) {
  const record = { timestamp, level, requestId: current.requestId };
  if (current.tenantId) record.tenantId = current.tenantId;
  if (!parameters.length) {
    record.message = message;
    try {
      return JSON.stringify(record, (_key, value) => (value instanceof Error ? { ...described(value, value.stack), ...value } : value));
    } catch {
      record.message = format(message);
      return JSON.stringify(record);
    }
  }
  record.message = format(message, ...parameters);
  const error = [message, ...parameters].find((parameter) => parameter instanceof Error);
  if (error) Object.assign(record, described(error, []));
  return JSON.stringify(record);
}

function described(error, otherwise) {
  return {
    errorType: error.constructor?.name ?? "UnknownError",
    errorMessage: error.message,
    stackTrace: typeof error.stack === "string" ? error.stack.split("\n") : otherwise,
  };
}

module.exports = { patch };
