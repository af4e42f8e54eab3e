// Answers HTTP requests (payload version 1.0: REST APIs and Application Load Balancers).

export const handler = async (event, context) => {
  try {
    return respond(200, await answer(event.httpMethod, event.path, event.queryStringParameters ?? {}, body(event)));
  } catch (error) {
    if (error instanceof BadRequest) return respond(400, { error: error.message });
    const requestId = context.awsRequestId;
    console.error(JSON.stringify({ message: error.stack, requestId }));
    return respond(500, { error: 'internal error', requestId }); // the id to ask for, not the cause
  }
};

class BadRequest extends Error {}

const answer = async (method, path, query, text) => {
  // Your work. A BadRequest is answered with 400.
  return { method, path, query, length: text.length };
};

const body = ({ body, isBase64Encoded }) => (isBase64Encoded ? Buffer.from(body, 'base64').toString() : body ?? '');

const respond = (statusCode, content) => ({
  statusCode,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(content),
  isBase64Encoded: false,
});
