/** Whether the page asked for no capture here: an element on this path, as of an event, carries `data-track-ignore`. */
export function isIgnored(path: readonly EventTarget[]): boolean {
  return path.some((target) => target instanceof Element && target.hasAttribute('data-track-ignore'));
}
