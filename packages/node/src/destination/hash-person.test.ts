import { expect, test } from 'vitest';
import { hashed, normalise } from './hash-person.ts';

// Published examples: https://developers.facebook.com/docs/marketing-api/audiences/guides/custom-audiences#hash and
// https://developers.google.com/analytics/devguides/collection/ga4/uid-data, computed for made-up people.
test.each([
  {
    why: 'e-mail',
    raw: ' Ada.Sample@Example.com ',
    by: normalise.email,
    hash: 'bfce2dbd91d8c84d317f17b51f6c0d5dbe8122c9b3a06b7d2b8c2079a36f6a65',
  },
  {
    why: 'e-mail: Google takes its own dots out',
    raw: 'Ada.Sample@gmail.com',
    by: normalise.googleEmail,
    hash: '322b3ab707425d56fbfbf92a81ab83834380a591c652f464d7131d452d07d54a',
  },
  {
    why: 'e-mail: others leave them',
    raw: 'Ada.Sample@gmail.com',
    by: normalise.email,
    hash: 'a9b99675e042e19ea9387d1c08fef47fd44c2c210b5933cd674b2e47803645bc',
  },
  {
    why: 'e-mail: Google leaves the dots of others',
    raw: 'Ada.Sample@Example.com',
    by: normalise.googleEmail,
    hash: 'bfce2dbd91d8c84d317f17b51f6c0d5dbe8122c9b3a06b7d2b8c2079a36f6a65',
  },
  {
    why: 'phone: digits',
    raw: '+1 (555) 010-0123',
    by: normalise.phoneDigits,
    hash: '2743329a9438f7d211e8abf0999ba5776dc88f21c909191d7851da8179320924',
  },
  {
    why: 'phone: E.164',
    raw: '+1 (555) 010-0123',
    by: normalise.phoneE164,
    hash: '71e19f521d9da9cc0015cba3830ccef960c34abdf3dc865e52fc58b1c9cfcd0c',
  },
  {
    why: 'first name',
    raw: ' Ada ',
    by: normalise.name,
    hash: 'fdee430d40bd57deeac186cd9790033d0f06f909a8806e7ce6e717ab7c7d5029',
  },
  {
    why: 'country',
    raw: 'PT',
    by: normalise.country,
    hash: 'e75b11da693d7bb5273985dcf9f02729455da7e7c80e54a0615e00ec2ae76d8e',
  },
  {
    why: 'birth date',
    raw: '1990-02-14',
    by: normalise.birthday,
    hash: '80fb6af0c4310e4790db22c054d0c42a95c39ae4f1e14691ffbf69ce9e612940',
  },
  {
    why: 'gender',
    raw: 'Female',
    by: normalise.gender,
    hash: '252f10c83610ebca1a059c0bae8255eba2f95be4d1d7bcfa89d7248a82d9f111',
  },
  {
    why: 'a hash already, in capitals',
    raw: 'BFCE2DBD91D8C84D317F17B51F6C0D5DBE8122C9B3A06B7D2B8C2079A36F6A65',
    by: normalise.email,
    hash: 'bfce2dbd91d8c84d317f17b51f6c0d5dbe8122c9b3a06b7d2b8c2079a36f6a65',
  },
  { why: 'nothing left to hash', raw: ' ', by: normalise.email, hash: undefined },
  { why: 'a country that is none', raw: 'Portugal', by: normalise.country, hash: undefined },
  { why: 'no text', raw: { email: 'x' }, by: normalise.email, hash: undefined },
])('$why', ({ raw, by, hash }) => {
  expect(hashed(raw, by)).toBe(hash);
});
