import { expect, test } from 'vitest';
import { shapeIssue } from './json-shape.ts';

const limits = { maxDepth: 4, maxEvents: 3, maxContainers: 10, maxValues: 12 };

test.each([
  { why: 'a batch', text: '{"sentAt":"x","batch":[{"a":[1]},{"a":[1]},{}]}', issue: undefined },
  { why: 'no text at all', text: '', issue: undefined },
  { why: 'deeper than allowed', text: '[[[[[', issue: 'too-deep' },
  { why: 'as deep as allowed, twice', text: '{"a":[[[]]],"b":[[[]]]}', issue: undefined },
  { why: 'one event too many', text: '{"batch":[{},{},{},{}]}', issue: 'too-many-events' },
  { why: 'events that are none count too', text: '{"batch":[1,2,3,4]}', issue: 'too-many-events' },
  { why: 'what is inside an event is no event', text: '{"batch":[{"a":[1,2,3,4,5,6]}]}', issue: undefined },
  {
    why: 'nor what stands beside the batch',
    text: '{"context":{"a":1,"b":2,"c":3,"d":4},"batch":[{}]}',
    issue: undefined,
  },
  { why: 'two lists are counted apart', text: '{"a":[1,2,3],"batch":[1,2,3]}', issue: undefined },
  { why: 'many small objects', text: `{"batch":[[${'{},'.repeat(9)}1]]}`, issue: 'too-many-values' },
  { why: 'many keys of one object', text: `{"a":{${'"k":1,'.repeat(13)}"k":1}}`, issue: 'too-many-values' },
  {
    why: 'commas, brackets and escaped quotes in a string',
    text: '{"a":"\\",,,,,,,,,,,,,,[[[[[{{{{{{{{{{{{\\\\"}',
    issue: undefined,
  },
])('$why: $issue', ({ text, issue }) => {
  expect(shapeIssue(text, limits)).toBe(issue);
});
