/** Messages: a program sends one; dead letters and reminders as an operator has them. */
import { z } from 'zod';
import type { Silo } from '../../silo/silo.ts';
import { endpoint, type Endpoint } from './endpoint.ts';
import * as schema from './schemas.ts';

const box = z.string().optional().describe('Of this AoR alone');

export function messageEndpoints({
  submit,
  deadLetters,
  reminders,
}: Pick<Silo, 'submit' | 'deadLetters' | 'reminders'>): readonly Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/messages',
      tag: 'messages',
      summary:
        'Sends a message: to the devices that are registered, else into the box. Idempotency-Key names it.',
      changes: true,
      body: schema.submission,
      answer: schema.submitted,
      run: ({ body: { body, ...said }, idempotencyKey }) =>
        submit({
          ...said,
          ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
          ...(body === undefined
            ? {}
            : { body: typeof body === 'string' ? body : Buffer.from(body.base64, 'base64') }),
        }),
    }),
    endpoint({
      method: 'get',
      path: '/dead',
      tag: 'dead letters',
      summary: 'Messages that could not be delivered, by id.',
      query: z.strictObject({ box, limit: schema.limit, cursor: schema.cursor }),
      answer: z.object({ letters: z.array(schema.deadLetter), next: schema.next }),
      run: async ({ query: { box: of, limit = 50, cursor } }) => {
        const after = cursor === undefined ? 0 : Number(cursor);
        const letters = await deadLetters.list({ ...(of === undefined ? {} : { box: of }), after, limit });
        const last = letters.at(-1);
        return {
          letters: [...letters],
          ...(last && letters.length === limit ? { next: String(last.id) } : {}),
        };
      },
    }),
    endpoint({
      method: 'post',
      path: '/dead/replay',
      tag: 'dead letters',
      summary: 'Puts them back into their boxes, with all attempts before them.',
      changes: true,
      body: schema.ids,
      answer: schema.done,
      run: async ({ body }) => ({ count: await deadLetters.replay(body.ids) }),
    }),
    endpoint({
      method: 'post',
      path: '/dead/drop',
      tag: 'dead letters',
      summary: 'Throws them away for good.',
      changes: true,
      body: schema.ids,
      answer: schema.done,
      run: async ({ body }) => ({ count: await deadLetters.drop(body.ids) }),
    }),
    endpoint({
      method: 'get',
      path: '/reminders',
      tag: 'reminders',
      summary: 'Messages whose time is still to come, by time.',
      query: z.strictObject({ box, limit: schema.limit, cursor: schema.cursor }),
      answer: z.object({ reminders: z.array(schema.reminder), next: schema.next }),
      run: async ({ query: { box: of, limit = 50, cursor } }) => {
        const [sendTime = 0, id = 0] = (cursor ?? '').split('.').map(Number);
        const all = await reminders.list({
          ...(of === undefined ? {} : { box: of }),
          ...(cursor === undefined ? {} : { after: { sendTime, id } }),
          limit,
        });
        const last = all.at(-1);
        return {
          reminders: [...all],
          ...(last && all.length === limit ? { next: `${last.sendTime}.${last.id}` } : {}),
        };
      },
    }),
    endpoint({
      method: 'post',
      path: '/reminders/cancel',
      tag: 'reminders',
      summary: 'Takes them back.',
      changes: true,
      body: schema.ids,
      answer: schema.done,
      run: async ({ body }) => ({ count: await reminders.cancel(body.ids) }),
    }),
  ];
}
