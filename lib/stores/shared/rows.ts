/** How messages, devices, dead letters and nodes look as rows: the one mapping that both engines use. */
import { hash } from 'node:crypto';
import { aorOf } from '../../sip/read/uri.ts';
import type {
  Due,
  Ended,
  ForeignRow,
  Kind,
  Ledger,
  Message,
  NewMessage,
  Overdue,
  Place,
  TailedMessage,
} from '../contract/message.ts';
import type { BodyTable } from '../contract/body-keys.ts';
import type { DeviceState, DueDevice } from '../contract/devices.ts';
import type { DeadLetter } from '../contract/dead-letters.ts';
import type { BoxedMessage, Extent, LedgerEntry } from '../contract/inspection.ts';
import type { NodeRow } from '../contract/nodes.ts';
import { SEAL_BYTES } from './body-keys.ts';
import { bytes, int, list, text, textOfBytes, type Row } from './values.ts';

export const INSERT_COLUMNS = [
  'src_addr',
  'dst_addr',
  'username',
  'domain',
  'inc_time',
  'exp_time',
  'snd_time',
  'ctype',
  'body',
  'extra_hdrs',
  'callid',
  'box',
  'dedup',
  'src_name',
  'dst_name',
  'date_time',
  'urgent',
  'next_time',
  'hops',
  'kind',
  'size',
  'thread',
  'sender',
  'seal',
] as const;

/** Columns of {@link toMessage}. */
export const MESSAGE_COLUMNS =
  'id, src_addr, dst_addr, inc_time, exp_time, snd_time, ctype, body, extra_hdrs, callid, box, dedup, ' +
  'src_name, dst_name, date_time, urgent, next_time, hops, kind, thread, attempts, strikes, last_status, refused_by, ' +
  'taken_by, seal';

/** What an operator reads of messages: {@link toBoxedMessage}. */
export const EXTENTS: Readonly<Record<Extent, string>> = {
  whole: `${MESSAGE_COLUMNS}, size`,
  facts: `${MESSAGE_COLUMNS.replace('body, extra_hdrs, ', '')}, size`,
};

/** What a dead letter keeps of its row: the same columns in both tables. */
export const DEAD_COLUMNS =
  'id, dedup, box, src_addr, dst_addr, src_name, dst_name, inc_time, exp_time, snd_time, date_time, urgent, ' +
  'ctype, body, extra_hdrs, callid, hops, attempts, taken_by, kind, seal';

/** What else changes in a row whose body is encrypted: see {@link fromMessage}. */
export const HIDDEN: Readonly<Record<BodyTable, string>> = { silo: ", username = ''", silo_dead: '' };

/** A dead letter's row as a waiting one: the columns of the recipient come from the box. */
export const REPLAY_COLUMNS = [...INSERT_COLUMNS, 'id', 'taken_by'] as const;

/** What is known of the message that a dead letter was. */
export function messageOfDead(row: Row): Message {
  return toMessage({ ...row, thread: null, next_time: 0, strikes: 0, last_status: 0, refused_by: null });
}

export function fromDead(row: Row, expTime: number): (string | number | Buffer | null)[] {
  const message = messageOfDead(row);
  return [
    ...fromMessage({ ...message, expTime: Math.max(message.expTime, expTime), nextTime: message.sendTime }),
    message.id,
    message.takenBy.length === 0 ? null : message.takenBy.join('\n'),
  ];
}

export function toDueDevice(row: Row): DueDevice {
  return { box: text(row, 'box'), device: text(row, 'device'), nextTime: int(row, 'next_time') };
}

export function toDue(row: Row): Due {
  return { id: int(row, 'id'), box: text(row, 'box'), nextTime: int(row, 'next_time') };
}

export function toTailed(row: Row): TailedMessage {
  return {
    id: int(row, 'id'),
    box: text(row, 'box'),
    nextTime: int(row, 'next_time'),
    sendTime: int(row, 'snd_time'),
  };
}

export function toForeign(row: Row): ForeignRow {
  return {
    id: int(row, 'id'),
    username: text(row, 'username'),
    domain: text(row, 'domain'),
    incTime: int(row, 'inc_time'),
    expTime: int(row, 'exp_time'),
    sendTime: int(row, 'snd_time'),
  };
}

/** Out of the rows (outcome, n). */
export function toLedger(rows: readonly Row[]): Ledger {
  const counts = new Map(rows.map((row) => [text(row, 'outcome'), int(row, 'n')]));
  const count = (outcome: string) => counts.get(outcome) ?? 0;
  return {
    waiting: count(''),
    delivered: count('delivered'),
    expired: count('expired'),
    dead: count('dead'),
    erased: count('erased'),
  };
}

export function toNode(row: Row): NodeRow {
  return {
    node: text(row, 'node'),
    run: text(row, 'run'),
    process: text(row, 'process'),
    server: text(row, 'server'),
    version: text(row, 'version'),
    started: int(row, 'started'),
    seen: int(row, 'seen'),
    silent: int(row, 'silent'),
    stopped: int(row, 'stopped'),
  };
}

export function toEnded(row: Row): Ended {
  return { id: int(row, 'id'), key: text(row, 'dedup'), box: text(row, 'box') };
}

/** A message that at least one of several devices had was delivered. */
export function toOverdue(row: Row): Overdue {
  const message = toMessage(row);
  return { message, outcome: message.takenBy.length > 0 ? 'delivered' : 'expired' };
}

export const OVERDUE_REASON = { expired: 'lifetime over', delivered: 'some devices had it' } as const;

export function toDevice(row: Row): DeviceState {
  return {
    device: text(row, 'device'),
    firstSeen: int(row, 'first_seen'),
    until: int(row, 'until'),
    attempts: int(row, 'attempts'),
    strikes: int(row, 'strikes'),
    nextTime: int(row, 'next_time'),
    lastStatus: int(row, 'last_status'),
  };
}

export function toDeadLetter(row: Row): DeadLetter {
  return {
    ...toEnded(row),
    srcAddr: text(row, 'src_addr'),
    status: int(row, 'status'),
    reason: text(row, 'reason'),
    endTime: int(row, 'end_time'),
  };
}

/** The values of {@link INSERT_COLUMNS}, in their order. */
export function fromMessage(message: NewMessage): (string | number | Buffer | null)[] {
  return [
    message.srcAddr,
    message.dstAddr,
    userOf(message.box, message.seal),
    message.box.slice(message.box.lastIndexOf('@') + 1),
    message.incTime,
    message.expTime,
    message.sendTime,
    message.contentType,
    message.body,
    message.headers,
    message.callId,
    message.box,
    message.key,
    message.srcName,
    message.dstName,
    message.dateTime,
    message.urgent ? 1 : 0,
    message.nextTime,
    message.hops,
    KINDS.indexOf(message.kind),
    sizeOf(message),
    message.thread === '' ? null : message.thread,
    senderOf(message.srcAddr),
    message.seal ?? null,
  ];
}

/** By this a Kamailio beside us looks for messages to send: what it can't read it must not find. */
export function userOf(box: string, seal: string | undefined): string {
  return seal === undefined ? box.slice(0, box.lastIndexOf('@')) : '';
}

/** Whose message it is, however From spells it: short, since each row and an index have it. */
export function senderOf(srcAddr: string): string {
  return hash('sha1', aorOf(srcAddr) ?? srcAddr).slice(0, 16);
}

/** Their places are the numbers in the column. */
const KINDS = ['message', 'receipt'] as const satisfies readonly Kind[];

/** Bytes that count towards a quota: what the sender has sent, encrypted or not. */
export function sizeOf({ body, headers, seal }: Pick<NewMessage, 'body' | 'headers' | 'seal'>): number {
  return body.length + Buffer.byteLength(headers) - (seal === undefined ? 0 : SEAL_BYTES);
}

/** The values of `(kind, snd_time, id)` behind which a page begins. */
export function placeValues(after: Place | undefined): [number, number, number] {
  return after === undefined ? [-1, 0, 0] : [KINDS.indexOf(after.kind), after.sendTime, after.id];
}

/** The numbers of all kinds: an index of a box has each by itself. */
export const KIND_NUMBERS = [...KINDS.keys()];

/** The earliest of the reminders of all kinds. */
export function earliest(reminders: readonly Message[], limit: number): readonly Message[] {
  return [...reminders].sort((a, b) => a.sendTime - b.sendTime || a.id - b.id).slice(0, limit);
}

/** The numbers of the kinds behind this one; never empty, since SQL knows no empty list. */
export function laterKinds(kind: number): readonly number[] {
  const behind = [...KINDS.keys()].filter((one) => one > kind);
  return behind.length === 0 ? [-1] : behind;
}

export function toBoxedMessage(row: Row): BoxedMessage {
  return { ...toMessage(row), size: int(row, 'size') };
}

/** Of what a dead letter keeps. */
export function toDeadBoxed(row: Row): BoxedMessage {
  const message = messageOfDead(row);
  return { ...message, lastStatus: int(row, 'status'), size: sizeOf(message) };
}

export function toLedgerEntry(row: Row): LedgerEntry {
  return {
    key: text(row, 'dedup'),
    box: text(row, 'box'),
    incTime: int(row, 'inc_time'),
    endTime: int(row, 'end_time'),
    outcome: text(row, 'outcome') as LedgerEntry['outcome'],
    status: int(row, 'status'),
    reason: text(row, 'reason'),
  };
}

export function toMessage(row: Row): Message {
  const incTime = int(row, 'inc_time');
  return {
    id: int(row, 'id'),
    key: text(row, 'dedup'),
    box: text(row, 'box'),
    srcAddr: text(row, 'src_addr'),
    srcName: text(row, 'src_name'),
    dstAddr: text(row, 'dst_addr'),
    dstName: text(row, 'dst_name'),
    contentType: text(row, 'ctype'),
    body: bytes(row, 'body'),
    headers: textOfBytes(row, 'extra_hdrs'),
    callId: text(row, 'callid'),
    incTime,
    expTime: int(row, 'exp_time'),
    sendTime: int(row, 'snd_time'),
    dateTime: int(row, 'date_time') || incTime,
    urgent: int(row, 'urgent') !== 0,
    nextTime: int(row, 'next_time'),
    hops: int(row, 'hops'),
    kind: KINDS[int(row, 'kind')] ?? 'message',
    thread: text(row, 'thread'),
    attempts: int(row, 'attempts'),
    strikes: int(row, 'strikes'),
    lastStatus: int(row, 'last_status'),
    refusedBy: list(row, 'refused_by'),
    takenBy: list(row, 'taken_by'),
    seal: text(row, 'seal') || undefined,
  };
}
