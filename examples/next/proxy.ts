import { type NextRequest, NextResponse } from 'next/server';

/** A strict policy: scripts run only with this answer's nonce. Next.js reads it from here, and puts it on its own. */
export function proxy(request: NextRequest): NextResponse {
  const nonce = btoa(crypto.randomUUID());
  const policy = `default-src 'self'; script-src 'nonce-${nonce}' 'strict-dynamic'; base-uri 'none'; object-src 'none'`;
  const headers = new Headers(request.headers);
  headers.set('Content-Security-Policy', policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('Content-Security-Policy', policy);
  return response;
}

export const config = { matcher: '/((?!api/|_next/static/).*)' };
