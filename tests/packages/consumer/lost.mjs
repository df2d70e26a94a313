// What a component without a provider gets: node lost.mjs
import { useTrack } from '@org/track-browser/react';
import { createElement as h } from 'react';
import { renderToString } from 'react-dom/server';

let receipt;
function Lost() {
  receipt = useTrack()('Product Added');
  return null;
}
try {
  renderToString(h(Lost));
  console.log(JSON.stringify({ ...(await receipt.delivered), queued: await receipt.queued }));
} catch ({ message }) {
  console.log(JSON.stringify({ message }));
}
