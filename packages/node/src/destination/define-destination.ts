import type {
  CollectedEvent,
  ConsentCategory,
  DeliveryOutcome,
  Destination,
  DestinationLimits,
  ErasePerson,
  Mapped,
} from '@org/track-core';
import { limitsOver } from '../config/limits-over.ts';
import { exchange, type HttpReply, type HttpRequest } from './http-exchange.ts';
import { checkMapping, type Mapping, type MappingOverrides, mergeMapping } from './mapping.ts';
import { checkSettings, type Setting, type Settings } from './settings.ts';

/** What every destination can be told. */
export interface DestinationOptions {
  /** Default the platform's name. Name it to have two of a kind in one collector; it names the place in the log. */
  readonly name?: string;
  /** Consent that events need besides what the destination asks for itself. */
  readonly requires?: readonly ConsentCategory[];
  /** Which events go there. Default all that it has words for. */
  readonly accepts?: (event: CollectedEvent) => boolean;
  /** What is said otherwise than by default: names of events, fields, products. */
  readonly mapping?: MappingOverrides;
  readonly limits?: DestinationLimits;
  /** How long ago an event may have happened, milliseconds. */
  readonly maxAgeMs?: number;
  /** Send again what nobody confirmed, also where twice is twice. */
  readonly resendsUnconfirmed?: boolean;
  /** Another address for the same: a proxy of yours, a test. */
  readonly endpoint?: string;
}

/** What of a person may be in a request as it is. What is not named is left out, or sent as a hash. */
export type PersonalData = 'email' | 'phone' | 'ip' | 'user agent' | 'name' | 'traits';

/** One request's worth of events. */
export interface DeliveryBatch {
  readonly events: readonly CollectedEvent[];
  /** Their items, one after the other. */
  readonly items: readonly string[];
  /** At the same place as each event, how many items are its own. */
  readonly counts: readonly number[];
  readonly group: string | undefined;
}

/** A destination with its options: what it says and asks. */
export interface Connection {
  /** Where it follows from the options: in place of the definition's. */
  readonly maxAgeMs?: number;
  /** Pure, and the same whenever it is asked: no clock, no random. */
  map(event: CollectedEvent): Mapped;
  request(batch: DeliveryBatch): HttpRequest;
  /** What the answer means. */
  outcomeOf(reply: HttpReply, batch: DeliveryBatch): DeliveryOutcome;
  /** The request that makes the far end forget somebody; `undefined` where it has no way for these ids. */
  erase?(person: ErasePerson): HttpRequest | undefined;
}

/** A platform, as data and three functions. */
export interface DestinationDefinition<Options extends DestinationOptions> {
  readonly name: string;
  readonly title: string;
  /** Where its documentation is. */
  readonly docs: string;
  readonly requires: readonly ConsentCategory[];
  readonly withheld?: Destination['withheld'];
  readonly idempotency: Destination['idempotency'];
  /** By what the far end knows what it has, and for how long, in words. */
  readonly deduplication: string;
  readonly order?: Destination['order'];
  readonly maxAgeMs?: number;
  readonly limits: DestinationLimits;
  /** Most bytes of one event; larger ones are dead letters, `too_large`. */
  readonly maxItemBytes?: number;
  readonly sends: readonly PersonalData[];
  readonly settings: { readonly [option in Exclude<keyof Options, keyof DestinationOptions>]-?: Setting };
  readonly mapping: Mapping;
  /** What users should know besides: a paragraph each, for the page of destinations. */
  readonly notes?: readonly string[];
  /** @throws TypeError for settings that are wrong together */
  connect(options: Options, mapping: Mapping): Connection;
}

/** Makes destinations of one platform. */
export interface DestinationFactory<Options extends DestinationOptions> {
  /** @throws TypeError for an option that is unknown, missing or not what it must be */
  (options: Options): Destination;
  readonly definition: DestinationDefinition<Options>;
}

const checkedSharedSettings: Settings = {
  name: { kind: 'text', text: '' },
  maxAgeMs: { kind: 'number', text: '' },
  resendsUnconfirmed: { kind: 'flag', text: '' },
  endpoint: { kind: 'url', text: '' },
};

const categories: readonly unknown[] = ['necessary', 'functional', 'analytics', 'advertising'];

/** Turns a definition into what hosts call: `ga4({ … })`. */
export function defineDestination<Options extends DestinationOptions>(
  definition: DestinationDefinition<Options>,
): DestinationFactory<Options> {
  const create = (options: Options): Destination => {
    check(definition, options);
    const { requires, withheld, idempotency, order, maxItemBytes } = definition;
    const connection = definition.connect(options, mergeMapping(definition.mapping, options.mapping));
    const { erase } = connection;
    const maxAgeMs = options.maxAgeMs ?? connection.maxAgeMs ?? definition.maxAgeMs;
    return {
      name: options.name ?? definition.name,
      // One can ask for more, never for less.
      requires: [...new Set([...requires, ...(options.requires ?? [])])],
      idempotency,
      limits: limitsOver(definition.limits, options.limits),
      ...(withheld === undefined ? {} : { withheld }),
      ...(order === undefined ? {} : { order }),
      ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
      ...(options.resendsUnconfirmed === undefined ? {} : { resendsUnconfirmed: options.resendsUnconfirmed }),
      ...(options.accepts === undefined ? {} : { accepts: options.accepts }),
      map(event) {
        const mapped = connection.map(event);
        if (mapped.kind !== 'mapped' || maxItemBytes === undefined) return mapped;
        const isTooLarge = mapped.items.some((item) => Buffer.byteLength(item) > maxItemBytes);
        return isTooLarge ? { kind: 'dead', reason: 'too_large' } : mapped;
      },
      async deliver(events, { signal, items = [], group }) {
        const batch = { events, items: items.flat(), counts: items.map(({ length }) => length), group };
        return connection.outcomeOf(await exchange(connection.request(batch), signal), batch);
      },
      ...(erase === undefined
        ? {}
        : {
            async erase(person, { signal }) {
              const request = erase(person);
              if (request === undefined) return 'unsupported';
              const { status } = await exchange(request, signal);
              if (status < 200 || status >= 300) throw new Error(`http-${status}`);
              return undefined;
            },
          }),
    };
  };
  return Object.assign(create, { definition });
}

function check<Options extends DestinationOptions>(
  { name, settings }: DestinationDefinition<Options>,
  options: Options,
): void {
  const known: Settings = { ...settings, ...checkedSharedSettings };
  const { requires, accepts, mapping, limits, ...others } = options ?? {};
  const checkedBelow = ['requires', 'accepts', 'mapping', 'limits'];
  checkSettings(name, options === undefined ? options : others, known, checkedBelow);
  const wrong = (option: string, expected: string): never => {
    throw new TypeError(`${name}: ${option}: expected ${expected}`);
  };
  if (requires !== undefined && !(Array.isArray(requires) && requires.every((each) => categories.includes(each)))) {
    wrong('requires', 'a list of consent categories');
  }
  if (accepts !== undefined && typeof accepts !== 'function') wrong('accepts', 'a function');
  if (limits !== undefined && (typeof limits !== 'object' || limits === null)) wrong('limits', 'an object with limits');
  if (mapping !== undefined) checkMapping(name, mapping);
}

/** The index of the event that an item of a batch belongs to; -1 for what is no item of it. */
export function eventIndexOf({ counts }: DeliveryBatch, itemIndex: number): number {
  if (itemIndex < 0) return -1;
  let end = 0;
  return counts.findIndex((count) => {
    end += count;
    return itemIndex < end;
  });
}
