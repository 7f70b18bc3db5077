/** What somebody is told who asks too much: the one place that has the statuses and the sentences. */
import { SiloError } from '../../base/errors.ts';
import type { LimitsSettings } from './options.ts';

/** Each limit by what it counts. */
export const LIMITED = [
  'source',
  'sender',
  'pair',
  'domain',
  'recipients',
  'senderMessages',
  'senderBytes',
  'pairMessages',
  'domainMessages',
  'domainBytes',
] as const;

export type Limited = (typeof LIMITED)[number];

const SENTENCES: Readonly<Record<Limited, (settings: LimitsSettings) => string>> = {
  source: ({ sourceRate }) => `At most ${sourceRate} requests a second of one address are served`,
  sender: ({ senderRate }) => `At most ${senderRate} requests a second of one sender are served`,
  pair: ({ pairRate }) => `At most ${pairRate} requests a second of one sender to one address are served`,
  domain: ({ domainRate }) => `At most ${domainRate} requests a second to this domain are served`,
  recipients: ({ senderRecipients }) =>
    `One sender may write to at most ${senderRecipients} different addresses a minute`,
  senderMessages: ({ senderMessages }) =>
    `At most ${senderMessages} messages a minute of one sender are stored`,
  senderBytes: ({ senderBytes }) => `At most ${senderBytes} bytes a minute of one sender are stored`,
  pairMessages: ({ pairMessages }) =>
    `At most ${pairMessages} messages a minute of one sender to one address are stored`,
  domainMessages: ({ domainMessages }) =>
    `At most ${domainMessages} messages a minute for this domain are stored`,
  domainBytes: ({ domainBytes }) => `At most ${domainBytes} bytes a minute for this domain are stored`,
};

/**
 * - A source gets 503 (RFC 3261 21.5.4): to it, this server is overloaded.
 * - A sender does not: a proxy in front takes a 503 for that of the whole node, for all its users. A MESSAGE gets 480, as when
 *   a box is full. Anything else gets 500, which with Retry-After passes, too (RFC 3261 21.5.1); 480 would end the
 *   subscription that a SUBSCRIBE refreshes (RFC 5057 5.1).
 * @param wait milliseconds
 */
export function refusalOf(
  limited: Limited,
  method: string,
  wait: number,
  settings: LimitsSettings,
): SiloError {
  const status = limited === 'source' ? 503 : method === 'MESSAGE' ? 480 : 500;
  const retryAfter = Math.max(1, Math.ceil(wait / 1_000));
  const sentence = `${SENTENCES[limited](settings)}; try again in ${retryAfter} s.`;
  return new SiloError('SILO_REFUSED', sentence, { status, retryAfter });
}
