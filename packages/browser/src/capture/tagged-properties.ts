/** What the attributes `{tag}-…` of an element say: `data-track-media-episode-title="Ada"` is `episode_title`. */
export function taggedProperties(element: Element, tag: string): Record<string, string> {
  const properties: Record<string, string> = {};
  for (const { name, value } of element.attributes) {
    if (name.startsWith(`${tag}-`)) properties[name.slice(tag.length + 1).replaceAll('-', '_')] = value;
  }
  return properties;
}
