/** Boxes and the messages in them, devices, bindings and nodes. */
import { z } from 'zod';
import type { BoxEntry, MessageWay, Operations, ShownMessage } from '../../silo/manage/operations.ts';
import { Refusal } from '../http/problem.ts';
import { endpoint, type Asked, type Endpoint } from './endpoint.ts';
import * as schema from './schemas.ts';

export const aorOf = ({ params }: Pick<Asked, 'params'>): string => params['aor'] ?? '';

function listed(entry: BoxEntry): z.infer<typeof schema.box> {
  const { aor, waiting, oldest, stuck } = entry;
  return { aor, waiting, oldest, ...(stuck === undefined ? {} : { stuck: { ...stuck } }) };
}

function shown({ body, ...message }: ShownMessage): z.infer<typeof schema.message> {
  return { ...message, ...(body === undefined ? {} : { body: schema.bodyOf(body) }) };
}

function wayed({ message, ...way }: MessageWay): z.infer<typeof schema.way> {
  return { ...way, ...(message === undefined ? {} : { message: shown(message) }) };
}

/** Without what was not given: in code undefined would be the default, too, but types tell them apart. */
function given<T extends object>(options: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof T]: Exclude<T[Name], undefined> };
}

export function boxEndpoints({
  boxes,
  messages,
}: Pick<Operations, 'boxes' | 'messages'>): readonly Endpoint[] {
  const paged = z.strictObject({ limit: schema.limit, cursor: schema.cursor, bodies: schema.bodies });
  return [
    endpoint({
      method: 'get',
      path: '/boxes',
      tag: 'boxes',
      summary: 'Boxes that hold mail: most messages first, longest waiting first, or by name.',
      query: z.strictObject({
        order: z.enum(['waiting', 'oldest', 'name']).optional(),
        domain: z.string().optional(),
        stuck: z
          .enum([
            'true',
            'no-device',
            'unreachable',
            'elsewhere',
            'back-off',
            'refused',
            'lease',
            'quarantine',
          ])
          .optional()
          .describe('Only those that are not being emptied; with a reason only those'),
        limit: schema.limit,
        cursor: schema.cursor,
      }),
      answer: z.object({
        boxes: z.array(schema.box),
        next: schema.next,
        counted: schema.seconds.describe('When the figures were counted'),
      }),
      run: async ({ query: { stuck, ...query } }) => {
        const only = stuck === undefined ? {} : { stuck: stuck === 'true' ? true : stuck };
        const page = await boxes.list(given({ ...query, ...only }));
        return { ...page, boxes: page.boxes.map(listed) };
      },
    }),
    endpoint({
      method: 'get',
      path: '/counts',
      tag: 'boxes',
      summary: 'How many boxes hold mail, and how many messages wait in them.',
      query: z.strictObject({ domain: z.string().optional() }),
      answer: z.object({ boxes: z.int(), messages: z.int(), counted: schema.seconds }),
      run: ({ query }) => boxes.count(given(query)),
    }),
    endpoint({
      method: 'get',
      path: '/boxes/{aor}',
      tag: 'boxes',
      summary: 'One box with its messages, in the order in which they leave.',
      query: paged,
      shows: ({ bodies }) => bodies === true,
      answer: schema.box.extend({ messages: z.array(schema.message), next: schema.next }),
      run: async ({ params, query }) => {
        const found = await boxes.show(aorOf({ params }), given(query));
        return {
          ...listed(found),
          messages: found.messages.map(shown),
          ...(found.next === undefined ? {} : { next: found.next }),
        };
      },
    }),
    endpoint({
      method: 'delete',
      path: '/boxes/{aor}',
      tag: 'boxes',
      summary: 'Ends its messages, or those with these ids (with commas between), as erased.',
      changes: true,
      query: z.strictObject({
        ids: z
          .string()
          .regex(/^\d+(,\d+)*$/)
          .optional(),
      }),
      answer: schema.done,
      run: async ({ params, query: { ids } }) => {
        const which = ids === undefined ? {} : { ids: ids.split(',').map(Number) };
        return { count: await boxes.remove(aorOf({ params }), which) };
      },
    }),
    endpoint({
      method: 'post',
      path: '/boxes/{aor}/requeue',
      tag: 'boxes',
      summary: 'Tries everything in it at once: back-offs are over, who refused is asked again.',
      changes: true,
      answer: schema.done,
      run: async ({ params }) => ({ count: await boxes.requeue(aorOf({ params })) }),
    }),
    endpoint({
      method: 'post',
      path: '/boxes/{aor}/move',
      tag: 'boxes',
      summary: 'Puts its messages into another box.',
      changes: true,
      body: z.strictObject({ to: z.string() }),
      answer: schema.done,
      run: async ({ params, body }) => ({ count: await boxes.move(aorOf({ params }), body.to) }),
    }),
    endpoint({
      method: 'get',
      path: '/messages/{which}',
      tag: 'messages',
      summary: 'The way of one message: by id, key or Call-ID; the latest first where there are several.',
      query: z.strictObject({ bodies: schema.bodies }),
      shows: ({ bodies }) => bodies === true,
      answer: z.object({ messages: z.array(schema.way) }),
      run: async ({ params: { which = '' }, query }) => {
        const ways = await messages.show(whichOf(which), given(query));
        if (ways.length === 0)
          throw new Refusal({ status: 404, detail: 'No message is known by this id, key or Call-ID.' });
        return { messages: ways.map(wayed) };
      },
    }),
  ];
}

/** Digits alone are an id. */
function whichOf(which: string): number | string {
  return /^\d{1,15}$/.test(which) ? Number(which) : which;
}

export function deviceEndpoints({
  devices,
  bindings,
  nodes,
}: Pick<Operations, 'devices' | 'bindings' | 'nodes'>): readonly Endpoint[] {
  const seconds = schema.seconds;
  return [
    endpoint({
      method: 'get',
      path: '/devices/{aor}',
      tag: 'devices',
      summary: 'The devices of an AoR that are known or registered.',
      answer: z.object({
        devices: z.array(
          z.object({
            device: z.string(),
            registered: z.boolean(),
            unreachable: z.string().optional().describe('No request can get to it: why'),
            firstSeen: seconds,
            until: seconds,
            attempts: z.int(),
            strikes: z.int(),
            nextTime: seconds,
            lastStatus: z.int(),
          }),
        ),
      }),
      run: async ({ params }) => ({ devices: [...(await devices.list(aorOf({ params })))] }),
    }),
    endpoint({
      method: 'get',
      path: '/bindings/{aor}',
      tag: 'devices',
      summary: 'The bindings of an AoR that have not expired.',
      answer: z.object({
        bindings: z.array(
          z.object({
            aor: z.string(),
            contact: z.string(),
            expires: seconds,
            q: z.number(),
            instance: z.string().optional(),
            path: z.array(z.string()).readonly(),
            source: z.object({ address: z.string(), port: z.int(), protocol: z.string() }),
            userAgent: z.string(),
            takesMessage: z.boolean(),
            updated: seconds,
          }),
        ),
      }),
      run: async ({ params }) => ({
        bindings: (await bindings.list(aorOf({ params }))).map(({ instance, ...binding }) => ({
          ...binding,
          ...(instance === undefined ? {} : { instance }),
        })),
      }),
    }),
    endpoint({
      method: 'get',
      path: '/nodes',
      tag: 'nodes',
      summary: 'The nodes of this database, and the boxes that each serves just now.',
      answer: z.object({
        nodes: z.array(
          z.object({
            node: z.string(),
            run: z.string(),
            process: z.string(),
            server: z.string(),
            version: z.string(),
            started: seconds,
            seen: seconds,
            silent: z.int(),
            stopped: seconds,
            state: z.enum(['alive', 'stopped', 'dead']),
            leases: z.array(z.object({ aor: z.string(), until: seconds })).readonly(),
          }),
        ),
      }),
      run: async () => ({ nodes: [...(await nodes.list())] }),
    }),
  ];
}
