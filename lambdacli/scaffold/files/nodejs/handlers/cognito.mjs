// Runs while a user signs up or in; what it returns is the event, with its response filled in.

export const handler = async (event) => {
  const { triggerSource, userPoolId } = event;
  console.info(JSON.stringify({ message: triggerSource, userPoolId }));
  // Your work: fill in event.response. An exception refuses the user, and its text is shown to them.
  return event;
};
