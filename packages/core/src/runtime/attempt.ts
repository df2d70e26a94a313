/** What `task` returns, or what `otherwise` makes of what it throws: nothing of it reaches the caller. */
export function attempt<V>(task: () => V, otherwise?: (error: unknown) => V | undefined): V | undefined {
  try {
    return task();
  } catch (error) {
    return otherwise?.(error);
  }
}
