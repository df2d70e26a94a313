/** What the server wrote into the page for us, or undefined. */
export function readFacts<Facts>(id: string): Facts | undefined {
  const text = document.getElementById(id)?.textContent;
  return text ? (JSON.parse(text) as Facts) : undefined;
}
