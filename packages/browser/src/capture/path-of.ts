/** The path an event from `node` would take: its ancestors, and the slots and hosts of shadow trees on the way. */
export function pathOf(node: Node): Node[] {
  const path: Node[] = [];
  for (let at: Node | null = node; at; at = parentOf(at)) path.push(at);
  return path;
}

// Asked of the prototypes: in a form with a field called `parentNode` the form's property is that field.
function parentOf(node: Node): Node | null {
  if (node instanceof ShadowRoot) return node.host;
  const slot = node instanceof Element && Reflect.get(Element.prototype, 'assignedSlot', node);
  return slot || Reflect.get(Node.prototype, 'parentNode', node);
}
