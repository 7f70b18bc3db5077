import { expect, test } from 'vitest';
import { createTally } from '../../../lib/auth/limits/tally.ts';
import type { SipRequest } from '../../../lib/sip/drachtio/messages.ts';

function from(source_address: string): SipRequest {
  const source = { source_address, source_port: 5060, protocol: 'udp' };
  return { method: 'REGISTER', uri: 'sip:example.org', ...source, get: () => undefined };
}

test('a source that is refused is named once a minute for each limit, however many its requests and addresses', () => {
  let time = 0;
  const lines: string[] = [];
  const tally = createTally(
    () => time,
    (line) => lines.push(line),
  );
  for (let request = 0; request < 100; request++) {
    tally.refused('source', from(`2001:db8::${request.toString(16)}`), 'Too much.');
    tally.refused('sender', from('2001:db8::1'), 'Too much, too.');
    time += 599;
  }
  const source =
    '2001:db8:0:0::/64 asks too much, and is refused: Too much. Is it a proxy of yours? Then name it in SILO_TRUST.';
  expect(lines).toEqual([source, '2001:db8:0:0::/64 asks too much, and is refused: Too much, too.']);
  time += 101;
  tally.refused('source', from('2001:db8::1'), 'Too much.');
  expect(lines).toHaveLength(3);
  expect(tally.counts()).toMatchObject({ source: 101, sender: 100, pair: 0 });
});
