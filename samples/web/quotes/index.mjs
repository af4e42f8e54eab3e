// POST /quotes {"price": 2900, "quantity": 12} → what that many cost, with a discount for many.

export const handler = async (event, context) => {
  try {
    return respond(200, quote(parse(event)));
  } catch (error) {
    if (error instanceof RequestError) return respond(error.status, { error: error.message });
    const requestId = context.awsRequestId;
    console.error(JSON.stringify({ message: 'failed', error: error.stack, requestId }));
    return respond(500, { error: 'internal error', requestId }); // the id to ask for, not the cause
  }
};

class RequestError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const parse = ({ body = '', isBase64Encoded }) => {
  try {
    return JSON.parse(isBase64Encoded ? Buffer.from(body, 'base64').toString() : body);
  } catch {
    throw new RequestError(400, 'the body must be JSON');
  }
};

const quote = (order) => {
  const { price, quantity } = order ?? {};
  if (!Number.isSafeInteger(price) || price < 0) throw new RequestError(422, 'price must be an integer, in cents');
  if (!Number.isSafeInteger(quantity) || quantity < 1) throw new RequestError(422, 'quantity must be a positive integer');
  const discount = quantity >= 100 ? 20 : quantity >= 10 ? 10 : 0; // percent
  return { price, quantity, discount, total: Math.round((price * quantity * (100 - discount)) / 100) };
};

const respond = (statusCode, content) => ({
  statusCode,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(content),
});
