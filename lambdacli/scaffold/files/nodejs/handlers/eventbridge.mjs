// Runs when an event on a bus matches the rule.

export const handler = async (event) => {
  await work(event.id, event.source, event['detail-type'], event.detail);
  return { processed: 1 };
};

const work = async (id, source, detailType, detail) => {
  // Your work. EventBridge may send an event twice: let the second time do no harm.
  console.info(JSON.stringify({ message: 'event', id, source, detailType, detail }));
};
