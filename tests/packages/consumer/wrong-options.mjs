// Prints what is said about two wrong options.
import { createTracker } from '@org/track-browser';

console.log(JSON.stringify([{ endpoint: '/api/j', apiHost: 'x' }, {}].map(messageOf)));

function messageOf(options) {
  try {
    createTracker(options);
    return null;
  } catch ({ message }) {
    return message;
  }
}
