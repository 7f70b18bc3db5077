/** A subscription as it is stored. */
import type { Subscription } from '../../../lib/stores/contract/mwi.ts';

export const ROW: Subscription = {
  id: 'a1',
  mailbox: 'bob@example.org',
  eventId: '',
  device: 'desk',
  node: 'one',
  run: 'run',
  callId: 'call',
  localTag: 'ours',
  remoteTag: 'theirs',
  local: '<sip:bob@example.org>',
  remote: '<sip:bob@example.org>',
  target: 'sip:bob@192.0.2.7',
  routes: [],
  source: { address: '192.0.2.7', port: 5060, protocol: 'udp' },
  contact: '<sip:192.0.2.1>',
  remoteCseq: 1,
  localCseq: 1,
  aliased: false,
  moved: false,
  expires: 2000,
  updated: 1000,
};
