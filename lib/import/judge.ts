/** A row of another program's `silo` table: a message of ours, or the reason why not. */
import { createHash } from 'node:crypto';
import { SiloError } from '../base/errors.ts';
import { sendableText } from '../sip/read/body.ts';
import { hasControl } from '../sip/read/characters.ts';
import { checkSizes } from '../silo/receive/message-of-request.ts';
import { keptHeader, keptHeaders, type KeepOptions } from '../silo/receive/kept-headers.ts';
import { whyLiveOnly, type LiveOnlyOptions } from '../silo/receive/not-stored.ts';
import { readReceipt, threadOf } from '../silo/receive/receipts.ts';
import type { SourceRow } from '../stores/source/silo-source.ts';
import type { NewMessage } from '../stores/contract/message.ts';
import { boxOf, senderOf, toOf, type AddressSettings } from './addresses.ts';
import { contentTypeOf } from './content-type.ts';
import { Refused, type AddRepair, type Judgement, type Note, type Repair } from './judgement.ts';

export interface JudgeSettings extends AddressSettings, KeepOptions, LiveOnlyOptions {
  /** Lifetime where the row says none, s. */
  readonly expireTime: number;
}

export function judge(row: SourceRow, settings: JudgeSettings, now: number): Judgement {
  const repairs: Note<Repair>[] = [];
  const repaired: AddRepair = (kind, found = '') => repairs.push({ kind, found });
  try {
    const times = timesOf(row, settings, now, repaired);
    if (times.expTime <= now) {
      const found = new Date(times.expTime * 1000).toISOString();
      return { verdict: 'skip', note: { kind: 'expired', found } };
    }
    const box = boxOf(row, settings, repaired);
    if (sendableText(row.body) === undefined) throw new Refused('text', `${row.body.length} bytes`);
    const contentType = contentTypeOf(row, repaired);
    const headers = headersOf(row, settings, repaired);
    const get = (name: string) => keptHeader(headers, name) || undefined;
    const why = whyLiveOnly({ get }, contentType, row.body, settings);
    if (why !== undefined) return { verdict: 'skip', note: { kind: 'liveOnly', found: why } };
    const srcAddr = senderOf(row, repaired);
    const receipt = readReceipt(contentType, row.body);
    const callId = row.callId.text ?? '';
    const message: NewMessage = {
      key: keyOf(row),
      box,
      srcAddr,
      srcName: '',
      dstAddr: toOf(row, box, repaired),
      dstName: '',
      contentType,
      body: row.body,
      headers,
      callId: hasControl(callId) ? '' : callId,
      ...times,
      dateTime: times.incTime,
      urgent: /^(urgent|emergency)$/i.test(keptHeader(headers, 'Priority')),
      nextTime: times.sendTime,
      hops: 70,
      kind: receipt ? 'receipt' : 'message',
      thread: receipt ? threadOf(box, srcAddr, receipt) : '',
    };
    checkSizes(message);
    return { verdict: 'take', message, repairs };
  } catch (error) {
    if (error instanceof Refused) return { verdict: 'refuse', note: error.note };
    if (error instanceof SiloError && error.code === 'SILO_REFUSED')
      return {
        verdict: 'refuse',
        note: { kind: error.status === 413 ? 'size' : 'value', found: error.message },
      };
    throw error;
  }
}

/**
 * The identity of a row, wherever its table lies and under whatever name its host is reached. Its content counts too: a
 * table that was emptied may begin with the same ids again.
 */
function keyOf(row: SourceRow): string {
  const hash = createHash('sha256');
  hash.update(
    ['import', row.id, row.incTime, row.username.text, row.domain.text, row.srcAddr.text].join('\0'),
  );
  return hash.update('\0').update(row.body).digest('hex');
}

function timesOf(
  row: SourceRow,
  { expireTime }: JudgeSettings,
  now: number,
  repaired: AddRepair,
): Pick<NewMessage, 'incTime' | 'expTime' | 'sendTime'> {
  if (row.incTime <= 0) repaired('accepted');
  if (row.expTime <= 0) repaired('lifetime');
  const incTime = row.incTime > 0 ? row.incTime : now;
  const sendTime = Math.max(0, row.sendTime);
  const lifetime = row.expTime > 0 ? Math.max(1, row.expTime - incTime) : expireTime;
  const expTime = row.expTime > 0 ? row.expTime : Math.max(incTime, sendTime) + lifetime;
  if (sendTime < expTime) return { incTime, expTime, sendTime };
  // msilo gives every message the lifetime of one that is sent at once, and so purges reminders before their time.
  repaired('reminder', new Date(sendTime * 1000).toISOString());
  return { incTime, expTime: sendTime + lifetime, sendTime };
}

function headersOf({ extraHeaders }: SourceRow, settings: KeepOptions, repaired: AddRepair): string {
  const lines = (extraHeaders.text ?? '').split(/\r?\n(?![ \t])/).filter((line) => line.trim() !== '');
  const kept = keptHeaders(`MESSAGE\r\n${lines.join('\r\n')}\r\n`, settings);
  const left = lines.length - (kept.split('\r\n').length - 1);
  if (left > 0 || extraHeaders.text === undefined) {
    const names = lines.map((line) => line.slice(0, Math.max(0, line.indexOf(':'))).trim());
    const missing = names.filter((name) => keptHeader(kept, name) === '');
    repaired('headers', missing.join(', ').slice(0, 200));
  }
  return kept;
}
