import { expect, test } from 'vitest';
import { traceOfRequest } from './trace-of-request.ts';

const [traceId, spanId] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
const known = { traceId, spanId };

test.each([
  { why: 'as the standard writes it', header: `00-${traceId}-${spanId}-01`, trace: known },
  { why: 'a later version says more', header: `01-${traceId}-${spanId}-01-more`, trace: known },
  { why: 'no header', header: undefined, trace: undefined },
  { why: 'a version that is forbidden', header: `ff-${traceId}-${spanId}-01`, trace: undefined },
  { why: 'no trace', header: `00-${'0'.repeat(32)}-${spanId}-01`, trace: undefined },
  { why: 'no span', header: `00-${traceId}-${'0'.repeat(16)}-01`, trace: undefined },
  { why: 'upper case', header: `00-${traceId.toUpperCase()}-${spanId}-01`, trace: undefined },
  { why: 'something behind it', header: `00-${traceId}-${spanId}-01x`, trace: undefined },
  { why: 'something before it', header: ` 00-${traceId}-${spanId}-01`, trace: undefined },
])('$why', ({ header, trace }) => {
  expect(traceOfRequest(header)).toEqual(trace);
});
