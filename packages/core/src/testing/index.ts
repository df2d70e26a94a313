export { aCollectedEvent, anEntry, anEvent } from './builders.ts';
export { type ContractCase, expectSame } from './contract.ts';
export { createFakeClock, type FakeClock } from './fake-clock.ts';
export { type OutboxUnderTest, outboxContract } from './outbox-contract.ts';
export {
  createScriptedTransport,
  type ScriptedAnswer,
  type ScriptedTransport,
  type SentBatch,
} from './scripted-transport.ts';
export { createSeededRandom } from './seeded-random.ts';
export { type FarEnd, type TransportUnderTest, transportContract } from './transport-contract.ts';
