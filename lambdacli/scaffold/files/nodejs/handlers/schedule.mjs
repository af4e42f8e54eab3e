// Runs on a schedule. The time comes from the event, so that a late or repeated run does the same work.

export const handler = async ({ id, time }) => {
  // Your work.
  console.info(JSON.stringify({ message: 'scheduled run', time, id }));
  return { processed: 1 };
};
