/**
 * Receipts that we make (RFC 5438): when the author of a CPIM message asked for them, `stored` when it is stored and
 * `failed` when it expires or becomes a dead letter. They are messages like others and wait for the author in the silo.
 */
import { createHash, randomBytes } from 'node:crypto';
import { SiloError, textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import { served } from '../../sip/read/recipient.ts';
import { aorOf } from '../../sip/read/uri.ts';
import type { NewMessage } from '../../stores/contract/message.ts';
import { checkSizes } from '../receive/message-of-request.ts';
import type { NoteSender } from './send-once.ts';
import { IMDN, readCpim, type Cpim } from '../receive/cpim.ts';
import type { SiloSettings } from '../state/options.ts';
import { readReceipt, threadOf } from '../receive/receipts.ts';

const log = logger('silo:imdn');

export interface ImdnDependencies {
  readonly settings: SiloSettings;
  readonly now: () => number;
  readonly courier: NoteSender;
  /** Stores a message of ours and wakes its box. */
  readonly keep: (message: NewMessage) => Promise<unknown>;
}

export interface Imdn {
  stored(message: NewMessage): void;
  failed(message: NewMessage): void;
}

/** What an author may ask us for, what we say then, and by which receipt. */
const SAYS = {
  stored: { asked: 'processing', receipt: 'processing' },
  failed: { asked: 'negative-delivery', receipt: 'delivery' },
} as const;
type State = keyof typeof SAYS;

export function createImdn({ settings, now, courier, keep }: ImdnDependencies): Imdn {
  async function send(message: NewMessage, cpim: Cpim, id: string, state: State): Promise<void> {
    const body = bodyOf(message, cpim, id, state, now());
    const box = aorOf(message.srcAddr, settings);
    if (box === undefined || !served(box, settings.domains)) {
      const headers = { 'Content-Type': 'message/cpim' };
      await courier.send({ from: message.dstAddr, to: message.srcAddr, headers, body }, undefined);
      return;
    }
    const bytes = Buffer.from(body);
    const receipt = readReceipt('message/cpim', bytes);
    const made: NewMessage = {
      // The same receipt made twice (a crash in between) is one.
      key: createHash('sha256').update(['imdn', message.key, state].join('\0')).digest('hex'),
      box,
      srcAddr: message.dstAddr,
      srcName: message.dstName,
      dstAddr: message.srcAddr,
      dstName: message.srcName,
      contentType: 'message/cpim',
      body: bytes,
      headers: '',
      callId: '',
      incTime: now(),
      expTime: now() + settings.receiptExpireTime,
      sendTime: 0,
      dateTime: now(),
      urgent: false,
      nextTime: 0,
      hops: 70,
      kind: 'receipt',
      thread: receipt ? threadOf(box, message.dstAddr, receipt) : '',
    };
    // What an author has put into its own headers may be too much for a receipt.
    checkSizes(made);
    await keep(made);
  }

  function say(message: NewMessage, state: State): void {
    if (!settings.imdn || message.kind === 'receipt') return;
    const cpim = readCpim(message.contentType, message.body);
    const id = cpim?.header(`${IMDN}.Message-ID`) ?? '';
    const asked = (cpim?.header(`${IMDN}.Disposition-Notification`) ?? '')
      .split(',')
      .map((entry) => entry.trim().toLowerCase());
    if (!cpim || id === '' || !asked.includes(SAYS[state].asked)) return;
    send(message, cpim, id, state).catch((error: unknown) => {
      const text = `the receipt "${state}" for ${message.key} could not be made: ${textOf(error)}`;
      // A full box or a hostile header is nothing that an operator could mend.
      if (error instanceof SiloError && error.code === 'SILO_REFUSED') log.debug(text);
      else log.warn(text);
    });
  }

  return {
    stored: (message) => say(message, 'stored'),
    failed: (message) => say(message, 'failed'),
  };
}

function bodyOf(message: NewMessage, cpim: Cpim, id: string, state: State, now: number): string {
  const time = new Date(now * 1000).toISOString().replace('.000', '');
  const { receipt } = SAYS[state];
  const xml = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<imdn xmlns="urn:ietf:params:xml:ns:imdn">',
    `  <message-id>${escaped(id)}</message-id>`,
    `  <datetime>${escaped(cpim.header('DateTime') ?? time)}</datetime>`,
    `  <recipient-uri>${escaped(message.dstAddr)}</recipient-uri>`,
    `  <${receipt}-notification><status><${state}/></status></${receipt}-notification>`,
    '</imdn>',
    '',
  ].join('\r\n');
  // RFC 5438, 8: back along the relays that asked to be in between.
  const route = cpim.header(`${IMDN}.IMDN-Record-Route`);
  return [
    `From: <${message.dstAddr}>`,
    `To: ${cpim.header('From') ?? `<${message.srcAddr}>`}`,
    `DateTime: ${time}`,
    `NS: imdn <${IMDN}>`,
    `imdn.Message-ID: ${randomBytes(12).toString('hex')}`,
    ...(route === undefined ? [] : [`imdn.IMDN-Route: ${route}`]),
    '',
    'Content-type: message/imdn+xml',
    'Content-Disposition: notification',
    `Content-length: ${Buffer.byteLength(xml)}`,
    '',
    xml,
  ].join('\r\n');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
}
