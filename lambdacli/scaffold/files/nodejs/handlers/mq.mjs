// Runs for a batch of messages from Amazon MQ: ActiveMQ or RabbitMQ.

export const handler = async (event) => {
  const messages =
    event.eventSource === 'aws:rmq' ? Object.values(event.rmqMessagesByQueue).flat() : event.messages;
  for (const { data } of messages) await work(Buffer.from(data, 'base64').toString());
  return { processed: messages.length };
};

const work = async (text) => {
  // Your work. An exception brings the batch again: let the second time do no harm.
  console.info(JSON.stringify({ message: 'message', text }));
};
