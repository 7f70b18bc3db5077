import { expect, test } from 'vitest';
import { Unanswered } from '../../lib/auth/unanswered.ts';
import type { SipRequest } from '../../lib/sip/drachtio/messages.ts';

test('whoever is asked holds nobody up by what he writes into From', () => {
  const unanswered = new Unanswered(() => 0);
  const from = `"${';'.repeat(60_000)}>" <sip:eve@example.org>;tag=1`;
  const req: Partial<SipRequest> = { source_address: '192.0.2.1', get: () => from };
  const began = performance.now();
  unanswered.asked(req as SipRequest);
  expect(performance.now() - began).toBeLessThan(500);
});
