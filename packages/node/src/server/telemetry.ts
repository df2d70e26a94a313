/** Where traces go. */
export interface Telemetry {
  /** One delivery to a destination. */
  delivery<T>(destination: string, events: number, work: () => Promise<T>): Promise<T>;
}

export const noTelemetry: Telemetry = { delivery: (_destination, _events, work) => work() };
