/** Lamps: what a mailbox says and why, and what a program has waiting for it. */
import { z } from 'zod';
import type { MailboxOperations } from '../../mwi/state/mailboxes.ts';
import type { LampSource } from '../../mwi/state/program-source.ts';
import type { Mwi } from '../../mwi/mwi.ts';
import { aorOf } from './boxes.ts';
import { endpoint, type Endpoint } from './endpoint.ts';
import * as schema from './schemas.ts';

const mailbox = z.object({ aor: z.string(), waiting: z.boolean(), text: z.string(), seen: schema.seconds });

const shownMailbox = mailbox.omit({ seen: true }).extend({
  counts: z.object({ messages: z.int(), urgent: z.int() }),
  sources: z.array(
    z.object({
      kind: z.string(),
      name: z.string(),
      counts: z.boolean(),
      tag: z.string().optional(),
      text: z.string().optional(),
      expires: schema.seconds.optional(),
      changed: schema.seconds.optional(),
    }),
  ),
  watchers: z.array(
    z.object({
      kind: z
        .enum(['subscription', 'unsolicited'])
        .describe('unsolicited: a registered device that is told without a subscription'),
      id: z.string(),
      watcher: z.string(),
      contact: z.string(),
      callId: z.string(),
      expires: schema.seconds,
      node: z.string(),
      state: z.string().optional(),
      lastNotify: z
        .object({
          at: schema.seconds,
          text: z.string().optional(),
          status: z.int(),
          reason: z.string(),
        })
        .optional(),
    }),
  ),
  why: z.array(z.string()).describe('Why it says what it says'),
});

export function sourceEndpoints({ publish }: Pick<Mwi, 'publish'>): readonly Endpoint[] {
  const path = '/mailboxes/{aor}/sources/{name}';
  return [
    endpoint({
      method: 'put',
      path,
      tag: 'mailboxes',
      summary: 'Says what a program has waiting for a mailbox, in place of what it said before.',
      changes: true,
      body: schema.source,
      answer: schema.published,
      run: ({ params, body }) =>
        publish({ mailbox: aorOf({ params }), source: params['name'] ?? '', ...body } as LampSource),
    }),
    endpoint({
      method: 'delete',
      path,
      tag: 'mailboxes',
      summary: 'This program has nothing to say about it any more.',
      changes: true,
      answer: schema.published,
      run: ({ params }) =>
        publish({ mailbox: aorOf({ params }), source: params['name'] ?? '', counts: null }),
    }),
  ];
}

export function mailboxEndpoints(mailboxes: MailboxOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/mailboxes',
      tag: 'mailboxes',
      summary: 'Mailboxes that somebody watches or publishes for, by name.',
      query: z.strictObject({ limit: schema.limit, cursor: schema.cursor }),
      answer: z.object({ mailboxes: z.array(mailbox), next: schema.next }),
      run: async ({ query: { limit, cursor } }) => {
        const page = await mailboxes.list({
          ...(limit === undefined ? {} : { limit }),
          ...(cursor === undefined ? {} : { cursor }),
        });
        return { ...page, mailboxes: [...page.mailboxes] };
      },
    }),
    endpoint({
      method: 'get',
      path: '/mailboxes/{aor}',
      tag: 'mailboxes',
      summary: 'What a lamp says and why: its sources, who watches it, and what they were told last.',
      answer: shownMailbox,
      run: async ({ params }) => {
        const found = await mailboxes.show(aorOf({ params }));
        return {
          ...found,
          sources: [...found.sources],
          watchers: found.watchers.map((watcher) => ({ ...watcher })),
          why: [...found.why],
        };
      },
    }),
  ];
}
