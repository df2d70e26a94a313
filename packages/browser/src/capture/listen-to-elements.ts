import { hear } from './hear.ts';
import { isIgnored } from './is-ignored.ts';

/**
 * Hears what pointers do to elements, until `signal` says stop, save to those that are to be ignored.
 *
 * @param onEvent - gets the elements an event went through, from the innermost outwards, also through open shadow trees.
 *   What it throws stays here: a form whose fields have the names of its own methods breaks whoever asks it something.
 */
export function listenToElements(
  type: string,
  onEvent: (elements: readonly Element[], event: MouseEvent) => void,
  signal: AbortSignal,
): void {
  const onPath = (event: MouseEvent): void => {
    const path = event.composedPath();
    if (!isIgnored(path))
      onEvent(
        path.filter((target) => target instanceof Element),
        event,
      );
  };
  hear(window, [type], onPath, signal);
}
