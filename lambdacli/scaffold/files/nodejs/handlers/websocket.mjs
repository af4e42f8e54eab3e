// Runs when a WebSocket client connects, sends a message, or leaves.

export const handler = async ({ requestContext, body }) => {
  const { eventType, connectionId, routeKey } = requestContext;
  if (eventType === 'CONNECT') {
    log('connected', { connectionId }); // Your work: keep the id, to write to the client later.
  } else if (eventType === 'DISCONNECT') {
    log('left', { connectionId }); // Your work: forget the id. It may be gone already.
  } else {
    log('message', { connectionId, route: routeKey, body });
  }
  return { statusCode: 200 };
};

const log = (message, fields) => console.info(JSON.stringify({ message, ...fields }));
