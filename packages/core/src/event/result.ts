/** What was wrong with a piece of input, as data. */
export interface Issue {
  /** Where, in dots and indexes: `properties.products.0.price`. Empty for the whole. */
  readonly path: string;
  /** Stable, for machines: `missing`, `not-a-string`, `too-deep` … */
  readonly code: string;
  /** For people, where somebody else's schema found it. May quote the input. */
  readonly message?: string;
}

/** A parsed value, or the reasons why there is none. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly issues: E };
