// Runs when an application calls the Invoke API: the event is whatever the two agree on.

export const handler = async (event) => {
  console.info(JSON.stringify({ message: 'invoked', keys: Object.keys(event) }));
  return { ok: true, received: event };
};
