/** The store on top of its thread: bodies become Buffers again, and long work goes in slices, so that others get between. */
import { KINDS } from './methods.ts';
import type { Engine } from './engine.ts';
import type { Slice } from './inside/sweeps.ts';
import type { Thread } from './thread/caller.ts';
import type { Ended, Message, NewMessage, Overdue } from '../contract/message.ts';
import type { Store } from '../contract/store.ts';

/** The engine with a thread in between. */
type Remote = {
  [M in keyof Engine]: (...args: Parameters<Engine[M]>) => Promise<ReturnType<Engine[M]>>;
};

/** Rows of other programs that are adopted in one go. */
const ADOPTED_AT_ONCE = 100;

export function storeOn(thread: Pick<Thread, 'call' | 'close' | 'load'>, name: string): Store {
  const remote = remoteOf(thread);
  return {
    name,
    ...remote,
    accept: (message, rules) => remote.accept(packed(message), rules),
    acceptAll: (messages) => remote.acceptAll(messages.map(packed)),
    waiting: async (...args) => (await remote.waiting(...args)).map(unpacked),
    contents: async (...args) => (await remote.contents(...args)).map(unpacked),
    messageById: async (id) => unpackedIf(await remote.messageById(id)),
    messageByKey: async (key) => unpackedIf(await remote.messageByKey(key)),
    deadById: async (id) => unpackedIf(await remote.deadById(id)),
    deadByKey: async (box, key) => unpackedIf(await remote.deadByKey(box, key)),
    moveFrom: (box, messages, now) => remote.moveFrom(box, messages.map(packed), now),
    reminders: async (...args) => (await remote.reminders(...args)).map(unpacked),

    adopt: async (adoptions) => {
      for (let from = 0; from < adoptions.length; from += ADOPTED_AT_ONCE)
        await remote.adopt(adoptions.slice(from, from + ADOPTED_AT_ONCE));
    },

    expire: async (now, limit) => {
      const all: Overdue[] = [];
      await slices(limit, async (left) => {
        const { overdue, ...slice } = await remote.expire(now, left);
        for (const { message, outcome } of overdue) all.push({ message: unpacked(message), outcome });
        return slice;
      });
      return all;
    },

    endVanished: async (after, limit) => {
      const all: Omit<Ended, 'id'>[] = [];
      let next = after;
      await slices(limit, async (left) => {
        const { ended, after: last, ...slice } = await remote.endVanished(next, left);
        all.push(...ended);
        next = last;
        return slice;
      });
      return { ended: all, after: next };
    },

    expirePublications: async (now, limit) => {
      const all = new Set<string>();
      await slices(limit, async (left) => {
        const { mailboxes, ...slice } = await remote.expirePublications(now, left);
        for (const mailbox of mailboxes) all.add(mailbox);
        return slice;
      });
      return [...all];
    },

    forget: (before, limit) => slices(limit, (left) => remote.forget(before, left)),
    expireDead: (before, limit) => slices(limit, (left) => remote.expireDead(before, left)),
    expireBindings: (now, limit) => slices(limit, (left) => remote.expireBindings(now, left)),
    forgetSubmissions: (before, limit) => slices(limit, (left) => remote.forgetSubmissions(before, left)),
    forgetDevices: (now, limit) => slices(limit, (left) => remote.forgetDevices(now, left)),
    expireSubscriptions: (before, limit) => slices(limit, (left) => remote.expireSubscriptions(before, left)),

    forgetMailboxes: async (changesBefore, seenBefore) => {
      await slices(Infinity, (left) => remote.forgetChanges(changesBefore, left));
      let after = '';
      await slices(Infinity, async () => {
        const { last, ...slice } = await remote.forgetMailboxes(seenBefore, after);
        after = last;
        return slice;
      });
    },

    // Its thread does one thing after the other, so nobody takes turns.
    forgetTurns: () => Promise.resolve(0),
    // Nothing to set: a file is always opened with synchronous = full.
    warnings: () => Promise.resolve([]),
    load: () => thread.load(),
    close: () => thread.close(),
  };
}

function remoteOf(thread: Pick<Thread, 'call'>): Remote {
  const methods = Object.keys(KINDS).map((method) => [
    method,
    (...args: readonly unknown[]) => thread.call(method, args),
  ]);
  return Object.fromEntries(methods) as Remote;
}

/** Slice after slice until nothing is left or `limit` rows are done; returns how many were. What has come meanwhile gets between. */
async function slices(limit: number, run: (left: number) => Promise<Slice>): Promise<number> {
  for (let done = 0; ;) {
    const { rows, over } = await run(limit - done);
    done += rows;
    if (over || done >= limit) return done;
  }
}

/** A small Buffer is a piece of a large one, all of which would be sent. */
function packed<M extends Pick<NewMessage, 'body'>>(message: M): M {
  const { body } = message;
  if (body.byteLength === body.buffer.byteLength) return message;
  return { ...message, body: new Uint8Array(body) as Buffer };
}

/** What was sent as a Buffer arrives as its bytes. */
function unpacked<M extends Message>(message: M): M {
  const { buffer, byteOffset, byteLength } = message.body;
  return { ...message, body: Buffer.from(buffer, byteOffset, byteLength) };
}

function unpackedIf<M extends Message>(message: M | undefined): M | undefined {
  return message && unpacked(message);
}
