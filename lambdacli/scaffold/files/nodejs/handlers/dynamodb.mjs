// Runs for a batch of changes of a table, in the order in which they happened to each item.

export const handler = async (event) => {
  for (const { eventName, dynamodb } of event.Records) {
    try {
      await work(eventName, dynamodb.Keys, dynamodb.OldImage, dynamodb.NewImage);
    } catch (error) {
      const itemIdentifier = dynamodb.SequenceNumber;
      log('error', 'failed', { sequenceNumber: itemIdentifier, error: error.stack });
      // A stream keeps its order: Lambda tries again from the first failure on, so what follows waits.
      return { batchItemFailures: [{ itemIdentifier }] };
    }
  }
  return { batchItemFailures: [] };
};

const work = async (happened, keys, before, after) => {
  // Your work: INSERT has no item before, REMOVE none after. Let a second time do no harm.
  log('info', happened, { keys, before, after });
};

const log = (level, message, fields) => console[level](JSON.stringify({ message, ...fields }));
