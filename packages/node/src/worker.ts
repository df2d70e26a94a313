export type { AddressPolicy } from './collector/client-address.ts';
export {
  createWorkerTracker,
  type WorkerContext,
  type WorkerTracker,
  type WorkerTrackerOptions,
} from './create-worker-tracker.ts';
export type { IdentityOptions } from './identity/identity-cookie.ts';
export type { RequestLike } from './identity/request-scope.ts';
export type { TraceContext } from './identity/trace-of-request.ts';
