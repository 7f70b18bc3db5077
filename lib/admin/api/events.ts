/** `/api/events`: what happens, as it happens. Nothing is listened for while nobody asks. */
import { Hono } from 'hono';
import type { Mwi } from '../../mwi/mwi.ts';
import type { Silo } from '../../silo/silo.ts';
import type { SiloEvents } from '../../silo/state/events.ts';
import { Refusal } from '../http/problem.ts';
import type { Env } from '../http/types.ts';
import { EventStream, type Told } from './event-stream.ts';

const MOST_STREAMS = 20;

export interface Events {
  readonly routes: Hono<Env>;
  /** Ends all streams. */
  readonly close: () => void;
}

export function createEventRoutes(silo: Pick<Silo, 'events'>, mwi: Pick<Mwi, 'events'> | undefined): Events {
  const streams = new Map<EventStream, string | undefined>();
  let isOver = false;

  /** Never what is in a message. */
  const listeners: { readonly [Name in keyof SiloEvents]?: (...args: SiloEvents[Name]) => void } = {
    stored: ({ box, key, id, took, message }) =>
      tell(box, { event: 'stored', data: { box, key, id, took, callId: message?.callId } }),
    ended: ({ box, key, outcome, status, reason }) =>
      tell(box, { event: 'ended', data: { box, key, outcome, status, reason } }),
    moved: ({ box, key, id, from }) => tell(box, { event: 'moved', data: { box, key, id, from } }),
    attempt: ({ box, key, contact, status, reason, verdict }) =>
      tell(box, { event: 'attempt', data: { box, key, contact, status, reason, verdict } }),
    refused: ({ status, reason }) => tell(undefined, { event: 'refused', data: { status, reason } }),
    leaseLost: ({ box }) => tell(box, { event: 'leaseLost', data: { box } }),
  };
  const notified = (data: { readonly mailbox: string }) => tell(data.mailbox, { event: 'notified', data });

  function tell(box: string | undefined, told: Told): void {
    for (const [stream, only] of streams) if (only === undefined || only === box) stream.tell(told);
  }

  function listen(how: 'on' | 'off'): void {
    for (const [name, listener] of Object.entries(listeners))
      silo.events[how](name as keyof SiloEvents, listener as never);
    mwi?.events[how]('notified', notified);
  }

  const routes = new Hono<Env>();
  routes.get('/events', (context) => {
    if (isOver) throw new Refusal({ status: 503, detail: 'It is stopping.', retryAfter: 5 });
    if (streams.size >= MOST_STREAMS)
      throw new Refusal({ status: 503, detail: `${MOST_STREAMS} listen already.`, retryAfter: 30 });
    const stream = new EventStream(() => {
      streams.delete(stream);
      if (streams.size === 0) listen('off');
    });
    if (streams.size === 0) listen('on');
    streams.set(stream, context.req.query('box'));
    return context.body(stream.readable, 200, { 'Content-Type': 'text/event-stream' });
  });

  return {
    routes,
    close: () => {
      isOver = true;
      for (const stream of [...streams.keys()]) stream.close();
    },
  };
}

export const EVENTS_DOCUMENT = {
  '/api/events': {
    get: {
      operationId: 'getEvents',
      tags: ['events'],
      summary:
        'What happens, as server-sent events: stored, attempt, ended, refused, leaseLost, notified, dropped.',
      parameters: [
        { name: 'box', in: 'query', description: 'Of this AoR alone', schema: { type: 'string' } },
      ],
      responses: {
        200: { description: 'A stream', content: { 'text/event-stream': {} } },
        default: { $ref: '#/components/responses/problem' },
      },
    },
  },
} as const;
