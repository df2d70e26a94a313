// Prints what importing an entry left behind in the process: node traces.mjs <entry>
// Node's HTTP modules leave globals and a handle of their own: they come first, so that they are not counted as ours.
import 'node:http';
import 'node:https';

const listeners = () => process.eventNames().map((name) => `${String(name)} ${process.listenerCount(name)}`);
const look = () => ({
  globals: Reflect.ownKeys(globalThis).map(String),
  listeners: listeners(),
  // The module loader reads files meanwhile.
  resources: process.getActiveResourcesInfo().filter((resource) => !resource.startsWith('FSReq')),
});

const [, , entry] = process.argv;
const before = look();
await import(entry);
const after = look();
const added = Object.entries(after).flatMap(([kind, all]) =>
  all.filter((one) => !before[kind].includes(one)).map((one) => `${kind}: ${one}`),
);
console.log(JSON.stringify(added));
