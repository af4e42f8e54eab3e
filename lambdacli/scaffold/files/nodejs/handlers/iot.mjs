// Runs when a device's message matches the rule: the event is what the rule's SQL selects.

export const handler = async (event) => {
  // Your work. A message may come twice: let the second time do no harm.
  console.info(JSON.stringify({ message: 'device message', payload: event }));
  return { processed: 1 };
};
