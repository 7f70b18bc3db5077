/** How publications and subscriptions look as rows, and what a PUBLISH does to them: the same for both engines. */
import type {
  MailboxChange,
  MailboxState,
  Publication,
  PublicationChange,
  PublicationResult,
  Subscription,
} from '../contract/mwi.ts';
import { int, text, type Row } from './values.ts';

export const PUBLICATION_COLUMNS = ['tag', 'mailbox', 'publisher', 'body', 'expires', 'stamp'] as const;

export const SUBSCRIPTION_COLUMNS = [
  'id',
  'mailbox',
  'event_id',
  'device',
  'node',
  'run',
  'callid',
  'local_tag',
  'remote_tag',
  'local',
  'remote',
  'target',
  'routes',
  'source',
  'contact',
  'remote_cseq',
  'local_cseq',
  'aliased',
  'moved',
  'expires',
  'updated',
] as const;

export function toPublication(row: Row): Publication {
  return {
    tag: text(row, 'tag'),
    mailbox: text(row, 'mailbox'),
    publisher: text(row, 'publisher'),
    body: text(row, 'body'),
    expires: int(row, 'expires'),
    stamp: int(row, 'stamp'),
  };
}

/** The values of {@link PUBLICATION_COLUMNS}, in their order. */
export function fromPublication(publication: Publication): (string | number)[] {
  return PUBLICATION_COLUMNS.map((column) => publication[column]);
}

export function sourceText(source: Subscription['source']): string {
  return `${source.protocol}:${source.port}:${source.address}`;
}

/** The values of {@link SUBSCRIPTION_COLUMNS}, in their order. */
export function fromSubscription(subscription: Subscription): (string | number)[] {
  return [
    subscription.id,
    subscription.mailbox,
    subscription.eventId,
    subscription.device,
    subscription.node,
    subscription.run,
    subscription.callId,
    subscription.localTag,
    subscription.remoteTag,
    subscription.local,
    subscription.remote,
    subscription.target,
    subscription.routes.join('\n'),
    sourceText(subscription.source),
    subscription.contact,
    subscription.remoteCseq,
    subscription.localCseq,
    subscription.aliased ? 1 : 0,
    subscription.moved ? 1 : 0,
    subscription.expires,
    subscription.updated,
  ];
}

export function toSubscription(row: Row): Subscription {
  const routes = text(row, 'routes');
  const [protocol = '', port = '', ...address] = text(row, 'source').split(':');
  return {
    id: text(row, 'id'),
    mailbox: text(row, 'mailbox'),
    eventId: text(row, 'event_id'),
    device: text(row, 'device'),
    node: text(row, 'node'),
    run: text(row, 'run'),
    callId: text(row, 'callid'),
    localTag: text(row, 'local_tag'),
    remoteTag: text(row, 'remote_tag'),
    local: text(row, 'local'),
    remote: text(row, 'remote'),
    target: text(row, 'target'),
    routes: routes === '' ? [] : routes.split('\n'),
    source: { protocol, port: Number(port), address: address.join(':') },
    contact: text(row, 'contact'),
    remoteCseq: int(row, 'remote_cseq'),
    localCseq: int(row, 'local_cseq'),
    aliased: int(row, 'aliased') !== 0,
    moved: int(row, 'moved') !== 0,
    expires: int(row, 'expires'),
    updated: int(row, 'updated'),
  };
}

export function toMailboxChange(row: Row): MailboxChange {
  return { id: int(row, 'id'), mailbox: text(row, 'mailbox'), watchers: int(row, 'watchers') !== 0 };
}

/** States out of the rows of `mwi_publication` and the counts of `silo` (box, messages, urgent). */
export function toStates(
  mailboxes: readonly string[],
  publications: readonly Row[],
  counts: readonly Row[],
): readonly MailboxState[] {
  const published = new Map<string, Publication[]>();
  for (const publication of publications.map(toPublication)) {
    const found = published.get(publication.mailbox);
    if (found) found.push(publication);
    else published.set(publication.mailbox, [publication]);
  }
  const waiting = new Map(
    counts.map((row) => [text(row, 'box'), { messages: int(row, 'messages'), urgent: int(row, 'urgent') }]),
  );
  return mailboxes.map((mailbox) => ({
    mailbox,
    publications: published.get(mailbox) ?? [],
    waiting: waiting.get(mailbox) ?? { messages: 0, urgent: 0 },
  }));
}

export interface PublicationChanges {
  readonly results: readonly PublicationResult[];
  /** Entity-tags whose rows go, rows that come, mailboxes whose state has changed. */
  readonly drop: readonly string[];
  readonly put: readonly Publication[];
  readonly changed: readonly string[];
}

/** Applies PUBLISHes one after the other (RFC 3903 6) to the stored publications of their mailboxes. */
export function applyPublications(
  stored: readonly Publication[],
  changes: readonly PublicationChange[],
  nextStamp: () => number,
): PublicationChanges {
  const current = new Map(stored.map((publication) => [publication.tag, publication]));
  const drop = new Set<string>();
  const put = new Map<string, Publication>();
  const changed = new Set<string>();
  const remove = (tag: string) => {
    current.delete(tag);
    if (!put.delete(tag)) drop.add(tag);
  };
  const results = changes.map((change): PublicationResult => {
    const { mailbox, publisher, ifMatch, tag, expires, body, now } = change;
    const old = ifMatch === undefined ? undefined : current.get(ifMatch);
    if (ifMatch !== undefined && (old?.mailbox !== mailbox || old.expires <= now)) return 'unmatched';
    const replaced = [...current.values()].filter(
      (known) =>
        known === old ||
        (ifMatch === undefined &&
          change.replace &&
          known.mailbox === mailbox &&
          known.publisher === publisher),
    );
    for (const known of replaced) remove(known.tag);
    const text = body ?? old?.body;
    const stays = expires > now && text !== undefined;
    const renewed = old !== undefined && (body === undefined || body === old.body);
    if (stays) {
      const stamp = renewed ? old.stamp : nextStamp();
      const row = { tag, mailbox, publisher: old?.publisher ?? publisher, body: text, expires, stamp };
      current.set(tag, row);
      put.set(tag, row);
    }
    const visible = stays ? !renewed : replaced.length > 0;
    if (visible) changed.add(mailbox);
    return visible ? 'changed' : 'kept';
  });
  return { results, drop: [...drop], put: [...put.values()], changed: [...changed] };
}

/** Stamps that rise, also across restarts: by the clock, in microseconds. */
export function createStamps(): () => number {
  let last = 0;
  return () => (last = Math.max(last + 1, Date.now() * 1000));
}
