/** What a page shows, told by the server that rendered it. The browser turns it into events; see `client/track-page.ts`. */
export type PageFacts =
  | { readonly kind: 'list'; readonly list_id: string; readonly category: string; readonly products: readonly string[] }
  | { readonly kind: 'product'; readonly product: ProductFacts }
  | { readonly kind: 'cart'; readonly products: readonly LineFacts[]; readonly value: number }
  | {
      readonly kind: 'checkout';
      readonly step: CheckoutStep;
      readonly products: readonly LineFacts[];
      readonly value: number;
    }
  | { readonly kind: 'receipt'; readonly order_id: string; readonly total: number }
  | { readonly kind: 'article'; readonly article_id: string; readonly headline_id: string };

export const checkoutSteps = ['contact', 'delivery', 'payment'] as const;
export type CheckoutStep = (typeof checkoutSteps)[number];

export interface ProductFacts {
  readonly product_id: string;
  readonly name: string;
  readonly category: string;
  readonly price: number;
  readonly currency: 'EUR';
}

export interface LineFacts extends ProductFacts {
  readonly quantity: number;
}

/** Somebody signed in with the request that led to this page. */
export interface SignInFacts {
  readonly userId: string;
  readonly createdAt: string;
}
