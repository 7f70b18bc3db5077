/** What this node remembers of the way of messages, beside what the ledger keeps: each attempt with its answer. */
import { BoundedMap } from '../../base/bounded-map.ts';
import { ownText } from '../../base/own-text.ts';
import type { SiloEmitter } from '../state/events.ts';
import type { WayStep } from './operations.ts';

/** Messages that are remembered, and steps of one. */
const MOST = 5000;
const MOST_STEPS = 50;

export interface RememberedWay {
  readonly key: string;
  readonly box: string;
  readonly id: number | undefined;
  readonly callId: string;
  readonly steps: readonly WayStep[];
}

export interface Ways {
  readonly byKey: (key: string) => RememberedWay | undefined;
  readonly byId: (id: number) => RememberedWay | undefined;
  readonly byCallId: (callId: string) => readonly RememberedWay[];
}

interface Kept extends RememberedWay {
  box: string;
  id: number | undefined;
  callId: string;
  readonly steps: WayStep[];
}

export function rememberWays(events: Pick<SiloEmitter, 'on'>, now: () => number): Ways {
  const ways = new BoundedMap<string, Kept>(MOST, 'message-ways');

  /** Called for each message several times: a known way is changed in its place. */
  function add(box: string, key: string, step: WayStep): Kept {
    let way = ways.get(key);
    if (!way) ways.set(key, (way = { key, box, id: undefined, callId: '', steps: [] }));
    way.box = box;
    way.steps.push(step);
    // The first says when it came; of many attempts the last ones count.
    if (way.steps.length > MOST_STEPS) way.steps.splice(1, 1);
    return way;
  }

  events.on('stored', ({ box, key, id, message }) => {
    const way = add(box, key, {
      at: now(),
      what: 'accepted',
      text: message ? 'accepted' : 'put back by an operator',
    });
    way.id = id;
    if (message) way.callId = ownText(message.callId);
  });
  events.on('attempt', ({ box, key, contact, status, reason, verdict }) => {
    add(box, key, { at: now(), what: 'attempt', contact, status, text: `${reason} (${verdict})` });
  });
  events.on('moved', ({ from, box, key, id }) => {
    add(box, key, { at: now(), what: 'moved', text: `moved from ${from} by an operator` }).id = id;
  });
  events.on('ended', ({ box, key, outcome, status, reason }) => {
    const text = reason === '' ? outcome : `${outcome}: ${reason}`;
    add(box, key, { at: now(), what: 'ended', status, text });
  });
  events.on('forget', ({ aor }) => {
    const names = ({ text }: WayStep) => text.includes(aor);
    for (const [key, { box, steps }] of ways) if (box === aor || steps.some(names)) ways.delete(key);
  });

  return {
    byKey: (key) => ways.get(key),
    byId: (id) => [...ways.values()].find((way) => way.id === id),
    byCallId: (callId) => [...ways.values()].filter((way) => way.callId === callId),
  };
}
