// Runs when an application calls the Invoke API: the event is whatever the two agree on.

export const handler = async (event) => {
  console.log(JSON.stringify({ level: 'INFO', message: 'invoked', keys: Object.keys(event) }));
  return { ok: true, received: event };
};
