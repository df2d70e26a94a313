import { describe, expectTypeOf, test } from 'vitest';
import type { JsonObject, JsonValue, ObjectInput, TrackEvent } from './event.ts';
import type { Result } from './result.ts';

interface Order {
  readonly id: string;
  readonly note?: string;
  readonly lines: readonly { readonly sku: string; readonly gift?: boolean }[];
}
class Money {
  readonly amount = 1;
}
declare const order: Order;
declare const takes: (input: ObjectInput) => void;

describe('ObjectInput', () => {
  test('takes what callers have', () => {
    expectTypeOf<Order>().toExtend<ObjectInput>();
    expectTypeOf<Money>().toExtend<ObjectInput>();
    expectTypeOf<JsonObject>().toExtend<ObjectInput>();
    expectTypeOf<{ note?: string | undefined; at: Date; id: bigint }>().toExtend<ObjectInput>();
    expectTypeOf<Record<string, unknown>>().toExtend<ObjectInput>();
    expectTypeOf<Record<never, never>>().toExtend<ObjectInput>();
    takes({ call: 'me', length: 3, order, name: undefined });
  });

  test('refuses what has no named fields', () => {
    expectTypeOf<string>().not.toExtend<ObjectInput>();
    expectTypeOf<number>().not.toExtend<ObjectInput>();
    expectTypeOf<null>().not.toExtend<ObjectInput>();
    expectTypeOf<string[]>().not.toExtend<ObjectInput>();
    expectTypeOf<readonly Order[]>().not.toExtend<ObjectInput>();
    expectTypeOf<() => void>().not.toExtend<ObjectInput>();
    expectTypeOf<typeof Money>().not.toExtend<ObjectInput>();
    expectTypeOf<Date>().not.toExtend<ObjectInput>();
    expectTypeOf<Map<string, string>>().not.toExtend<ObjectInput>();
    expectTypeOf<Set<string>>().not.toExtend<ObjectInput>();
    expectTypeOf<Promise<Order>>().not.toExtend<ObjectInput>();
    expectTypeOf<Uint8Array>().not.toExtend<ObjectInput>();
    // @ts-expect-error an array
    takes([order]);
    // @ts-expect-error a function
    takes(() => order);
  });
});

describe('JsonObject', () => {
  test('an absent field may be undefined at any level', () => {
    const object: JsonObject = { a: undefined, b: { c: undefined, d: [1, null, 'x', { e: undefined }] } };
    expectTypeOf(object.a).toEqualTypeOf<JsonValue | undefined>();
  });

  test('holds nothing that JSON cannot say', () => {
    expectTypeOf<Date>().not.toExtend<JsonValue>();
    expectTypeOf<bigint>().not.toExtend<JsonValue>();
    expectTypeOf<{ f: () => void }>().not.toExtend<JsonObject>();
    expectTypeOf<{ deep: { at: Date }[] }>().not.toExtend<JsonObject>();
  });
});

describe('TrackEvent', () => {
  test('its type tells its fields', () => {
    const event = {} as TrackEvent;
    if (event.type === 'track') expectTypeOf(event.event).toEqualTypeOf<string>();
    if (event.type === 'group') expectTypeOf(event.groupId).toEqualTypeOf<string>();
    if (event.type === 'alias') expectTypeOf(event.previousId).toEqualTypeOf<string>();
    if (event.type === 'page' || event.type === 'screen') expectTypeOf(event.name).toEqualTypeOf<string | undefined>();
    // @ts-expect-error a page has no `event`
    if (event.type === 'page') void event.event;
  });
});

describe('Result', () => {
  test('ok decides between value and issues', () => {
    const result = {} as Result<'value', 'issues'>;
    if (result.ok) expectTypeOf(result.value).toEqualTypeOf<'value'>();
    else expectTypeOf(result.issues).toEqualTypeOf<'issues'>();
    // @ts-expect-error not before `ok` was asked
    void result.value;
  });
});
