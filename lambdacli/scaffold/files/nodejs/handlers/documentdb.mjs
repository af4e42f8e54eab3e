// Runs for a batch of changes of a DocumentDB collection.

export const handler = async ({ events }) => {
  for (const { event } of events) await work(event.operationType, event.documentKey, event.fullDocument);
  return { processed: events.length };
};

const work = async (happened, key, document) => {
  // Your work. An exception brings the batch again: let the second time do no harm.
  console.info(JSON.stringify({ message: happened, key, document }));
};
