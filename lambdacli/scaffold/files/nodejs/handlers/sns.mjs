// Runs when a message is published to a topic.

export const handler = async (event) => {
  for (const { Sns } of event.Records) await work(Sns.MessageId, Sns.Subject, Sns.Message);
  return { processed: event.Records.length };
};

const work = async (id, subject, text) => {
  // Your work. An exception makes Lambda try again: let the second time do no harm.
  console.info(JSON.stringify({ message: 'notified', id, subject, text }));
};
