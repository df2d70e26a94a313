import { note, say, sayJson } from './output.ts';
import { atDesk } from './records.ts';

/** Makes a warehouse write its file anew, without what was deleted. */
export function compact(
  destination: string,
  { config, json }: { readonly config?: string; readonly json?: boolean },
): Promise<void> {
  return atDesk(config, async ({ operations }) => {
    note(`Its deliveries and questions wait until "${destination}" is done.`);
    for await (const compacting of operations.compact({ destination })) {
      if (compacting.isAtWork) continue;
      const { bytesBefore, bytesAfter } = compacting;
      if (json) sayJson({ destination, bytesBefore, bytesAfter });
      else say(`"${destination}" had ${sizeOf(bytesBefore)}, and has ${sizeOf(bytesAfter)}: nothing that was deleted.`);
    }
  });
}

const sizeOf = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;
