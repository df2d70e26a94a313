export { aCanonicalEvent, canonicalEvents } from './canonical-events.ts';
export {
  type AnswerRow,
  type DestinationCase,
  type DestinationUnderTest,
  destinationContract,
  goldenPayloads,
} from './destination-contract.ts';
export {
  createScriptedEndpoint,
  type EndpointAnswer,
  type ReceivedRequest,
  type ScriptedEndpoint,
} from './scripted-endpoint.ts';
