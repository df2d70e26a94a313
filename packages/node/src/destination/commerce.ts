import { fieldsOf, isObject, type Mapping, numberAt, textAt, valueAt } from './mapping.ts';

/**
 * What an order is worth: `revenue ?? subtotal − discount ?? total − tax − shipping ?? total`. One rule for all
 * destinations, so that they can be compared.
 */
export function orderValue(properties: unknown): number | undefined {
  const number = (name: string): number | undefined => numberAt(properties, name);
  const revenue = number('revenue');
  if (revenue !== undefined) return revenue;
  const subtotal = number('subtotal');
  if (subtotal !== undefined) return rounded(subtotal - (number('discount') ?? 0));
  const total = number('total');
  if (total === undefined) return undefined;
  return rounded(total - (number('tax') ?? 0) - (number('shipping') ?? 0));
}

/** What a product event is worth: `value`, else price × quantity. */
export function productValue(properties: unknown): number | undefined {
  const price = numberAt(properties, 'price');
  const stated = numberAt(properties, 'value');
  if (stated !== undefined || price === undefined) return stated;
  return rounded(price * (numberAt(properties, 'quantity') ?? 1));
}

/** Sums of decimals have tails: 0.1 + 0.2. No currency has more than four decimals. */
function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

const currencyPattern = /^[A-Z]{3}$/;

/** ISO 4217 in capitals: the event's own, else the one the host configured. Never a guess. */
export function currencyOf(properties: unknown, configured: string | undefined): string | undefined {
  const currency = (textAt(properties, 'currency') ?? configured)?.trim().toUpperCase();
  return currency !== undefined && currencyPattern.test(currency) ? currency : undefined;
}

/** The products of an order, list or cart; the event itself where it speaks of one. */
export function productsOf(properties: unknown): readonly Readonly<Record<string, unknown>>[] {
  const list = valueAt(properties, 'products');
  if (Array.isArray(list)) return list.filter(isObject);
  return isObject(properties) && textAt(properties, ['product_id', 'sku']) !== undefined ? [properties] : [];
}

/** Each product in the destination's words. */
export function productFields(properties: unknown, { products }: Mapping): readonly Record<string, unknown>[] {
  return productsOf(properties).map((product) => fieldsOf(product, products));
}
