import type { Plan } from '@org/track-core';

/** What a property is by its schema; `any` where that cannot be known. */
export type PropertyType = 'string' | 'number' | 'integer' | 'boolean' | 'time' | 'object' | 'array' | 'any';

type Schema = Plan['events'][string]['properties'];

/** JSON Schema, as far as it tells types. */
interface JsonSchema {
  readonly type?: unknown;
  readonly format?: unknown;
  readonly const?: unknown;
  readonly enum?: unknown;
  readonly properties?: unknown;
  readonly anyOf?: unknown;
  readonly oneOf?: unknown;
  readonly allOf?: unknown;
}

/**
 * The properties that a schema names, each with its type, in their order.
 *
 * A schema that can say what it is as JSON Schema is asked (Standard JSON Schema: zod from 4.2 on, arktype, valibot with
 * `toStandardJsonSchema`). Of a bare valibot object only the names are known, of anything else nothing.
 */
export function propertyTypes(schema: Schema): ReadonlyMap<string, PropertyType> {
  const types = new Map<string, PropertyType>();
  const json = jsonSchemaOf(schema);
  if (json !== undefined) collect(json, types);
  else {
    const { entries } = (schema ?? {}) as { readonly entries?: unknown };
    if (isHolder(entries)) for (const name of Object.keys(entries)) types.set(name, 'any');
  }
  return types;
}

function jsonSchemaOf(schema: Schema): JsonSchema | undefined {
  const standard: unknown = schema?.['~standard'];
  const { jsonSchema } = (standard ?? {}) as { readonly jsonSchema?: { readonly input?: unknown } };
  if (typeof jsonSchema?.input !== 'function') return undefined;
  const target = 'draft-2020-12';
  // What JSON cannot say, a Date, is anything: zod wants to be asked for that, others want not to be.
  for (const options of [{ target, libraryOptions: { unrepresentable: 'any' } }, { target }]) {
    try {
      const json: unknown = jsonSchema.input(options);
      if (isHolder(json)) return json;
    } catch {
      // It cannot say, or not so.
    }
  }
  return undefined;
}

/** Those of all its forms: what is one type in one of them and another in the next is anything. */
function collect(schema: JsonSchema, types: Map<string, PropertyType>): void {
  if (isHolder(schema.properties)) {
    for (const [name, part] of Object.entries(schema.properties)) {
      const type = isHolder(part) ? typeOf(part) : 'any';
      types.set(name, (types.get(name) ?? type) === type ? type : 'any');
    }
  }
  for (const forms of [schema.anyOf, schema.oneOf, schema.allOf]) {
    if (Array.isArray(forms)) for (const form of forms) if (isHolder(form)) collect(form, types);
  }
}

function typeOf(schema: JsonSchema): PropertyType {
  const forms = [schema.anyOf, schema.oneOf].find(Array.isArray);
  if (forms !== undefined)
    return only(forms.filter((form) => !isNull(form)).map((form) => (isHolder(form) ? typeOf(form) : 'any')));
  if (Array.isArray(schema.enum)) return only(schema.enum.filter((value) => value !== null).map(typeOfValue));
  if ('const' in schema) return typeOfValue(schema.const);
  const types = [schema.type].flat().filter((type) => type !== 'null');
  if (types.length !== 1) return 'any';
  const [type] = types;
  if (type === 'string') return schema.format === 'date-time' ? 'time' : 'string';
  return type === 'number' || type === 'integer' || type === 'boolean' || type === 'object' || type === 'array'
    ? type
    : 'any';
}

const only = (types: readonly PropertyType[]): PropertyType => {
  const [first, ...others] = new Set(types);
  return first === undefined || others.length > 0 ? 'any' : first;
};

function typeOfValue(value: unknown): PropertyType {
  const type = typeof value;
  return type === 'string' || type === 'number' || type === 'boolean' ? type : 'any';
}

const isNull = (form: unknown): boolean => isHolder(form) && (form as JsonSchema).type === 'null';

const isHolder = (value: unknown): value is JsonSchema & object => typeof value === 'object' && value !== null;
