/** Who reaches a trusted place, or through it, is not trusted for that. */
import { afterEach, describe, expect, test } from 'vitest';
import { Phone } from '../support/phone.ts';
import { asking, type Asking } from './asking.ts';

const BOB = 'bob@example.org';
let begun: Asking;
afterEach(() => begun.close());

/** A REGISTER for bob from somebody on 127.0.0.9. */
async function thief(headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  const eve = await Phone.start('eve', { server: begun.node.server, host: '127.0.0.9' });
  try {
    return (await eve.register({ headers: { From: `<sip:${BOB}>;tag=1`, To: `<sip:${BOB}>`, ...headers } }))
      .status;
  } finally {
    eve.close();
  }
}

describe('whoever has drachtio-server forward his request to itself, where its address is trusted,', () => {
  test.each([
    ['', `<sip:${BOB}>;tag=x`],
    ['with a tag that is hard to see ', `<sip:${BOB}>;x="a;tag=x"`],
  ])('%sis asked for a password all the same', async (_, To) => {
    begun = await asking({ trust: { trust: ['127.0.0.1/32'] } });
    const { host, port } = begun.node.server;
    const eve = await Phone.start('eve', { server: begun.node.server, host: '127.0.0.9' });
    const route = { Route: `<sip:${host};lr>`, 'P-Asserted-Identity': `<sip:${BOB}>` };
    const headers = { From: `<sip:${BOB}>;tag=1`, To, Contact: eve.contact, ...route };
    const answer = await eve.request('REGISTER', `sip:${host}:${port}`, BOB, headers);
    eve.close();
    expect(answer.status).toBe(401);
    expect(await begun.node.registrar.find(BOB)).toEqual([]);
  });
});

describe('whoever is behind a trusted proxy, which has said who it is,', () => {
  test.each(['P-Asserted%2DIdentity', 'P-Asserted%u002DIdentity'])(
    'is nobody else by a header that the proxy has not known: %s',
    async (name) => {
      begun = await asking({ trust: { trust: ['127.0.0.9/32'] } });
      const asserted = { [name]: `<sip:${BOB}>`, 'P-Asserted-Identity': '<sip:eve@example.org>' };
      expect(await thief(asserted)).toBe(403);
      expect(await thief({ 'P-Asserted-Identity': `<sip:${BOB}>` })).toBe(200);
    },
  );
});
