/** A person, whole: what is stored about an AoR is shown, or erased. Tables are gone through page by page: up to a minute for a million messages. */
import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { SiloError } from '../../base/errors.ts';
import { askedAor } from '../../sip/read/recipient.ts';
import { parseNameAddr } from '../../sip/read/headers.ts';
import { aorOf, type AorOptions } from '../../sip/read/uri.ts';
import type { NodeState } from '../../node/node.ts';
import type { BoxedMessage } from '../../stores/contract/inspection.ts';
import type { NamingRow, OwnTable, PassedTable, RowKey } from '../../stores/contract/persons.ts';
import type { Store } from '../../stores/contract/store.ts';
import type { SiloContext } from '../state/context.ts';
import type { SiloSettings } from '../state/options.ts';
import type { ErasedPerson, ErasedRows, PersonOperations, PersonRecord } from './operations.ts';

const PAGE = 1000;
/** Rows that are erased at a time. */
const AT_ONCE = 100;
/** Milliseconds in which each node sees which mailboxes have changed, and tells their watchers. */
const TOLD_MS = 3000;
/** For which each node that lives may take to forget the AoR, and between two looks whether it has. */
const FORGOTTEN_MS = 10_000;
const LOOK_MS = 100;

const PASSED: readonly PassedTable[] = [
  'silo',
  'silo_dead',
  'silo_ledger',
  'mwi_publication',
  'mwi_subscription',
];
const OWN: readonly OwnTable[] = ['binding', 'silo_device', 'silo_turn', 'subscriber'];

const KINDS: Readonly<Record<Exclude<PassedTable, 'mwi_change'>, PersonRecord['kind']>> = {
  silo: 'message',
  silo_dead: 'dead-letter',
  silo_ledger: 'ledger',
  mwi_publication: 'publication',
  mwi_subscription: 'subscription',
};
const OWN_KINDS: Readonly<Partial<Record<OwnTable, PersonRecord['kind']>>> = {
  binding: 'binding',
  silo_device: 'device',
  mwi_mailbox: 'mailbox',
  subscriber: 'user',
};

export interface PersonContext extends Pick<SiloContext, 'events'> {
  readonly store: Store;
  readonly settings: Pick<SiloSettings, 'leaseTime' | 'telDomain'>;
  readonly nodes: () => Promise<readonly NodeState[]>;
  /** Nothing of an AoR is remembered in this process any more. */
  readonly forget: (aor: string) => void;
}

export function createPersonOperations(context: PersonContext): PersonOperations {
  const { settings } = context;
  return {
    export: (asked) => exported(context, askedAor(asked, settings)),
    erase: (asked, { compact = false } = {}) => erase(context, askedAor(asked, settings), compact),
  };
}

interface Found {
  readonly key: RowKey;
  readonly as: PersonRecord['as'];
}

/** The rows of a table that name this AoR, a page after the other. */
async function* found(
  { store, settings }: PersonContext,
  table: PassedTable,
  aor: string,
): AsyncGenerator<readonly Found[]> {
  let after: RowKey | undefined;
  for (;;) {
    const rows = await store.namingRows(table, after, PAGE);
    const mine = rows.flatMap((row) => {
      const as = roleIn(row, aor, settings);
      return as ? [{ key: row.key, as }] : [];
    });
    if (mine.length > 0) yield mine;
    after = rows.at(-1)?.key;
    if (rows.length < PAGE) return;
  }
}

function roleIn({ names }: NamingRow, aor: string, options: AorOptions): PersonRecord['as'] | undefined {
  const { username = '', domain = '', ...others } = names;
  const isHis = (text: string) =>
    text === aor || aorOf(text, options) === aor || aorOf(parseNameAddr(text)?.uri ?? '', options) === aor;
  // A row of another program that nobody has adopted yet.
  if (username !== '' && (others['box'] ?? '') === '' && aorOf(`sip:${username}@${domain}`) === aor)
    return 'recipient';
  const columns = Object.entries(others).filter(([column, text]) =>
    column === 'body' ? accountsIn(text).some(isHis) : isHis(text),
  );
  if (columns.length === 0) return undefined;
  return columns.some(([column]) => column === 'box' || column === 'mailbox') ? 'recipient' : 'sender';
}

/** Message-Account of a summary (RFC 3842 5.2). */
function accountsIn(body: string): readonly string[] {
  return [...body.matchAll(/^Message-Account:\s*(\S+)/gim)].map(([, uri = '']) => uri);
}

async function* exported(context: PersonContext, aor: string): AsyncGenerator<PersonRecord> {
  const { store } = context;
  for (const table of PASSED)
    for await (const page of found(context, table, aor))
      for (const { key, as } of page)
        for (const data of await dataOf(store, table, key))
          yield { kind: KINDS[table as keyof typeof KINDS], table, as, data };
  for (const [table, kind] of Object.entries(OWN_KINDS))
    for (const data of await store.ownRows(table as OwnTable, aor))
      yield { kind, table, as: 'recipient', data };
}

async function dataOf(
  store: Store,
  table: PassedTable,
  key: RowKey,
): Promise<readonly PersonRecord['data'][]> {
  if (table === 'silo') return written(await store.messageById(Number(key)));
  if (table === 'silo_dead') return written(await store.deadById(Number(key)));
  return store.plainRows(table, [key]);
}

/** For JSON: text where it is text. */
function written(message: BoxedMessage | undefined): readonly PersonRecord['data'][] {
  if (!message) return [];
  const { body, seal, ...facts } = message;
  const text = body.toString('utf8');
  const readable = Buffer.from(text).equals(body);
  return [
    {
      ...facts,
      ...(seal === undefined ? {} : { encryptedWith: seal }),
      body: readable ? text : { base64: body.toString('base64') },
    },
  ];
}

async function erase(context: PersonContext, aor: string, compact: boolean): Promise<ErasedPerson> {
  const { store, settings } = context;
  const owner = `operator/${randomUUID()}`;
  const claim = await store.claim(aor, owner, settings.leaseTime);
  if (!('lease' in claim))
    throw new SiloError(
      'SILO_REFUSED',
      `The box of ${aor} is being served just now, nothing was erased: try again in ${claim.heldFor + 1} s.`,
      { status: 409 },
    );
  const erased: ErasedRows[] = [];
  let left: readonly string[];
  const renew = () => store.renew(owner, settings.leaseTime);
  try {
    for (const table of OWN) erased.push({ table, rows: await store.eraseOwn(table, aor) });
    for (const table of PASSED) erased.push({ table, rows: await eraseFound(context, table, aor, renew) });
    if (erased.some(({ table, rows }) => table.startsWith('mwi_') && rows > 0)) await sleep(TOLD_MS);
    erased.push({ table: 'mwi_change', rows: await eraseFound(context, 'mwi_change', aor, renew) });
    // By this row the nodes know for whom changes are of interest: until they have told the watchers, it stays.
    erased.push({ table: 'mwi_mailbox', rows: await store.eraseOwn('mwi_mailbox', aor) });
    const counted = await store.ownRows('silo_box', aor);
    const still = await store.countBoxes([aor]);
    erased.push({ table: 'silo_box', rows: counted.length - still.length });
    left = await forgetEverywhere(context, aor);
  } finally {
    await store.release(claim.lease);
  }
  const compacted = compact && (await store.compact());
  return { aor, erased, left: [...left, ...leftOf(store.name, compacted)] };
}

/** Each node that lives lets go of what it remembers. Returns what is to be said of those that have not. */
async function forgetEverywhere(
  { store, nodes, forget }: PersonContext,
  aor: string,
): Promise<readonly string[]> {
  forget(aor);
  const living = (await nodes()).filter(({ state }) => state === 'alive').map(({ node }) => node);
  if (living.length === 0) return [];
  await store.askToForget(aor, living);
  const asked = async () => (await store.ownRows('silo_forget', aor)).map(({ node }) => String(node));
  const until = performance.now() + FORGOTTEN_MS;
  while ((await asked()).length > 0 && performance.now() < until) await sleep(LOOK_MS);
  const silent = await asked();
  // What nobody reads would name the person for ever.
  await store.eraseOwn('silo_forget', aor);
  return silent.map(
    (node) => `The node ${node} has not answered, and may remember the address until it is started again.`,
  );
}

async function eraseFound(
  context: PersonContext,
  table: PassedTable,
  aor: string,
  renew: () => Promise<void>,
): Promise<number> {
  const { store } = context;
  let erased = 0;
  for await (const page of found(context, table, aor)) {
    for (let first = 0; first < page.length; first += AT_ONCE)
      erased += await store.eraseRows(
        table,
        page.slice(first, first + AT_ONCE).map(({ key }) => key),
      );
    await renew();
  }
  return erased;
}

function leftOf(name: string, compacted: boolean): readonly string[] {
  const kept = [
    'Backups that were made before hold it until they are thrown away.',
    'A device that is still set up with this address registers it again: take its account away as well.',
    'Logs that were written at debug level name addresses: throw them away as you do backups.',
  ];
  if (compacted) return kept;
  return name.startsWith('sqlite')
    ? [...kept, 'Freed pages of the file may still hold it: erase with compact, or run VACUUM.']
    : [
        ...kept,
        'Freed pages of the tables and binary logs may hold it until they are written over or purged: OPTIMIZE TABLE, PURGE BINARY LOGS.',
      ];
}
