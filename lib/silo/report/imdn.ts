/**
 * Receipts that we make (RFC 5438): when the author of a CPIM message asked for them, `stored` when it is stored and
 * `failed` when it expires or becomes a dead letter. They are messages like others and wait for the author in the silo.
 */
import { sha256 } from '../../base/sha256.ts';
import { SiloError, textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import { served } from '../../sip/read/recipient.ts';
import { aorOf } from '../../sip/read/uri.ts';
import type { NewMessage } from '../../stores/contract/message.ts';
import type { Acceptor } from '../receive/accept.ts';
import { IMDN, readCpim } from '../receive/cpim.ts';
import { checkSizes } from '../receive/message-of-request.ts';
import { readReceipt, threadOf } from '../receive/receipts.ts';
import type { SiloContext } from '../state/context.ts';
import type { WakeBox } from '../state/wake.ts';
import { receiptText, type AskedReceipt, type ReceiptState } from './imdn-text.ts';
import type { NoteSender } from './send-once.ts';

const log = logger('silo:imdn');

export interface ImdnContext extends Pick<SiloContext, 'bindings' | 'settings' | 'events' | 'now'> {
  readonly noteSender: NoteSender;
  readonly acceptor: Pick<Acceptor, 'keep'>;
  readonly wake: WakeBox;
}

export interface Imdn {
  /** The message was stored: its author is told, if it asked for that. */
  stored(message: NewMessage): void;
}

/** What an author asks for. */
const ASKED: Readonly<Record<ReceiptState, string>> = { stored: 'processing', failed: 'negative-delivery' };

/** Also tells of each message that expires or becomes a dead letter from now on. */
export function createImdn(context: ImdnContext): Imdn {
  const failed = ({ message }: { readonly message?: NewMessage }) => {
    if (message) report(context, message, 'failed');
  };
  context.events.on('expired', failed);
  context.events.on('dead', failed);
  return { stored: (message) => report(context, message, 'stored') };
}

function report(context: ImdnContext, message: NewMessage, state: ReceiptState): void {
  if (!context.settings.imdn || message.kind === 'receipt') return;
  const cpim = readCpim(message.contentType, message.body);
  const id = cpim?.header(`${IMDN}.Message-ID`) ?? '';
  const asked = (cpim?.header(`${IMDN}.Disposition-Notification`) ?? '')
    .split(',')
    .map((entry) => entry.trim().toLowerCase());
  if (!cpim || id === '' || !asked.includes(ASKED[state])) return;
  send(context, { message, cpim, id, state }).catch((error: unknown) => {
    const text = `the receipt "${state}" for ${message.key} could not be made: ${textOf(error)}`;
    // A full box or a hostile header is nothing that an operator could mend.
    if (error instanceof SiloError && error.code === 'SILO_REFUSED') log.debug(text);
    else log.warn(text);
  });
}

/** An author who is served here gets it in its box, any other author at its address. */
async function send(context: ImdnContext, asked: AskedReceipt): Promise<void> {
  const { settings, now, noteSender, acceptor, bindings, wake } = context;
  const { srcAddr, dstAddr } = asked.message;
  const body = receiptText(asked, now());
  const box = aorOf(srcAddr, settings);
  if (box === undefined || !served(box, settings.domains)) {
    const headers = { 'Content-Type': 'message/cpim' };
    await noteSender.send({ from: dstAddr, to: srcAddr, headers, body }, undefined);
    return;
  }
  const receipt = asMessage(context, asked, box, Buffer.from(body));
  // What an author has put into its own headers may be too much for a receipt.
  checkSizes(receipt);
  await acceptor.keep(receipt);
  if ((await bindings.find(box)).length > 0) wake(box, 'accept');
}

function asMessage(
  { settings, now }: ImdnContext,
  { message, state }: AskedReceipt,
  box: string,
  body: Buffer,
): NewMessage {
  const receipt = readReceipt('message/cpim', body);
  return {
    // The same receipt made twice (a crash in between) is one.
    key: sha256(['imdn', message.key, state].join('\0')),
    box,
    srcAddr: message.dstAddr,
    srcName: message.dstName,
    dstAddr: message.srcAddr,
    dstName: message.srcName,
    contentType: 'message/cpim',
    body,
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
}
