/** What a request of ours says of a person, whoever wrote the headers: also those of a row that was there already. */
import { expect, test } from 'vitest';
import { requestAlong } from '../../../lib/sip/drachtio/outgoing.ts';

const way = { uri: 'sip:bob@192.0.2.1', proxy: undefined, namedBy: undefined };

function headersWith(headers: Readonly<Record<string, string>>) {
  return requestAlong(way, { method: 'MESSAGE', from: '<sip:a@x>', to: '<sip:b@x>', headers }).headers;
}

test('an identity goes out only when Privacy lets it, in whatever spelling the two stand there', () => {
  const identity = { 'p-asserted-IDENTITY': '<sip:a@x>' };
  expect(headersWith(identity)).toMatchObject(identity);
  expect(headersWith({ ...identity, PRIVACY: '"Id"' })).not.toHaveProperty('p-asserted-IDENTITY');
  expect(headersWith({ 'P-preferred-identity': '<sip:a@x>' })).not.toHaveProperty('P-preferred-identity');
});

test('with "user" privacy neither From nor Contact name the author', () => {
  const headers = headersWith({ Contact: '<sip:a@x>;msilo=yes', b: '<sip:a@x>', Privacy: 'user' });
  expect(headers['From']).toMatch(/^"Anonymous" <sip:anonymous@anonymous\.invalid>;tag=/);
  expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(['Contact']));
  expect(headers).not.toHaveProperty('b');
});
