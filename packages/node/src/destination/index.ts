export { currencyOf, orderValue, productFields, productsOf, productValue } from './commerce.ts';
export {
  type Connection,
  type DeliveryBatch,
  type DestinationDefinition,
  type DestinationFactory,
  type DestinationOptions,
  defineDestination,
  eventIndexOf,
  type PersonalData,
} from './define-destination.ts';
export { hashed, normalise, sha256 } from './hash-person.ts';
export {
  ExchangeError,
  type HttpReply,
  type HttpRequest,
  jsonOf,
  outcomeOfStatus,
  retryAfterMs,
} from './http-exchange.ts';
export {
  fieldsOf,
  type Mapping,
  type MappingOverrides,
  nameOf,
  numberAt,
  present,
  propertiesOf,
  type Source,
  textAt,
  traitsOf,
  valueAt,
} from './mapping.ts';
export type { Setting } from './settings.ts';
