import { describe, expect, test } from 'vitest';
import type { NewMessage } from '../../../lib/stores/contract/message.ts';
import {
  LOOKS,
  boundOf,
  concernedReceipts,
  excesses,
  limitsOf,
  plan,
  type Candidate,
  type Situation,
} from '../../../lib/stores/shared/quota.ts';
import { acceptRules as rules } from '../contract/accept-rules.ts';
import { aMessage } from '../contract/messages.ts';

const BOX = 'bob@example.org';

const message = (over: Partial<NewMessage> = {}) =>
  aMessage(BOX, { body: Buffer.alloc(100), headers: '', ...over });
const receipt = message({ kind: 'receipt' });
const waiting = (...ids: readonly number[]): readonly Candidate[] =>
  ids.map((id) => ({ id, key: `key-${id}`, box: BOX, size: 100, taken: false, sender: '' }));
const situation = (over: Partial<Situation>): Situation => ({
  usages: [],
  replaced: [],
  receipts: [],
  candidates: [],
  ...over,
});
const ids = (candidates: readonly Candidate[]) => candidates.map(({ id }) => id);

describe('what must be known', () => {
  test('the limits of a message are those of its box and its domain, as far as there are any', () => {
    const box = { messages: 3, bytes: 0 };
    const domain = { messages: 0, bytes: 1000 };
    expect(limitsOf(message(), rules({}))).toEqual([]);
    expect(limitsOf(message(), rules({ box, domain }))).toEqual([
      { column: 'box', name: BOX, quota: box },
      { column: 'domain', name: 'example.org', quota: domain },
    ]);
  });

  test('there is an excess where one more would be too many, in number or in bytes', () => {
    const limits = limitsOf(
      message(),
      rules({ box: { messages: 3, bytes: 0 }, domain: { messages: 5, bytes: 450 } }),
    );
    const excess = (messages: number, bytes: number) =>
      excesses(message(), limits, [
        { messages, bytes },
        { messages, bytes },
      ]);
    expect(excess(2, 200)).toEqual([undefined, undefined]);
    expect(excess(3, 300)).toEqual([{ messages: 1, bytes: 0 }, undefined]);
    expect(excess(4, 400)).toEqual([
      { messages: 2, bytes: 0 },
      { messages: 0, bytes: 50 },
    ]);
  });

  test('a sender has a share of each limit that is large enough to share', () => {
    const box = { messages: 100, bytes: 50_000 };
    const domain = { messages: 11, bytes: 0 };
    const limits = limitsOf(message({ srcAddr: 'sip:alice@example.org' }), rules({ box, domain, share: 50 }));
    const { sender } = limits[2]!;
    expect(limits).toEqual([
      { column: 'box', name: BOX, quota: box },
      { column: 'domain', name: 'example.org', quota: domain },
      { column: 'box', name: BOX, quota: { messages: 50, bytes: 40_000 }, sender },
      { column: 'domain', name: 'example.org', quota: { messages: 10, bytes: 0 }, sender },
    ]);
    expect(sender).toMatch(/^[0-9a-f]{16}$/);
    const small = rules({ box: { messages: 10, bytes: 40_000 }, share: 1 });
    expect(limitsOf(message(), small)).toHaveLength(1);
  });

  test('a sender is the same one however From spells it', () => {
    const senderIn = (srcAddr: string) =>
      limitsOf(message({ srcAddr }), rules({ box: { messages: 100, bytes: 0 }, share: 50 }))[1]?.sender;
    expect(senderIn('SIP:%61lice@EXAMPLE.org;x=1')).toBe(senderIn('sip:alice@example.org'));
    expect(senderIn('sip:bob@example.org')).not.toBe(senderIn('sip:alice@example.org'));
  });

  test('whose the messages are is not counted while all of them would be within the share', () => {
    const limits = limitsOf(message(), rules({ box: { messages: 100, bytes: 0 }, share: 50 }));
    const whole = (messages: number) => ({ messages, bytes: messages });
    expect(boundOf(message(), limits, [])).toBeUndefined();
    expect(boundOf(message(), limits, [whole(49)])).toEqual(whole(49));
    expect(boundOf(message(), limits, [whole(50)])).toBeUndefined();
  });

  test('only a receipt has to do with the receipts that wait', () => {
    const both = rules({ receipts: 10, replaces: ['t'] });
    expect(concernedReceipts(message(), both)).toEqual({ threads: [], all: false });
    expect(concernedReceipts(receipt, both)).toEqual({ threads: ['t'], all: true });
    expect(concernedReceipts(receipt, rules({}))).toEqual({ threads: [], all: false });
  });

  test('nobody is looked at first, then few, and never more than a thousand', () => {
    expect(LOOKS.map((look) => look({ messages: 1, bytes: 0 }))).toEqual([0, 21, 1000]);
    expect(LOOKS.map((look) => look({ messages: 5000, bytes: 0 }))).toEqual([0, 1000, 1000]);
  });
});

describe('the decision', () => {
  const full = rules({ box: { messages: 2, bytes: 0 } });

  test('where there is room nothing gives way', () => {
    const usages = [{ messages: 1, bytes: 100 }];
    expect(plan(message(), full, situation({ usages }))).toEqual({ replaced: [], giveWay: [] });
  });

  test('the first candidates give way, as many as needed', () => {
    const usages = [{ messages: 3, bytes: 300 }];
    const decided = plan(message(), full, situation({ usages, candidates: [waiting(1, 2, 3)] }));
    expect(decided.full).toBeUndefined();
    expect(ids(decided.giveWay)).toEqual([1, 2]);
  });

  test('for bytes as many as make them up', () => {
    const tight = rules({ box: { messages: 0, bytes: 350 } });
    const usages = [{ messages: 3, bytes: 300 }];
    const decided = plan(
      message({ body: Buffer.alloc(200) }),
      tight,
      situation({ usages, candidates: [waiting(1, 2, 3)] }),
    );
    expect(ids(decided.giveWay)).toEqual([1, 2]);
  });

  test('without enough candidates the box is full, nothing gives way, and the sentence says so', () => {
    const usages = [{ messages: 2, bytes: 200 }];
    expect(plan(message(), full, situation({ usages, candidates: [[]] }))).toEqual({
      full: `The box of ${BOX} is full: 2 messages of 200 bytes wait, at most 2 messages may; try again later.`,
      replaced: [],
      giveWay: [],
    });
  });

  test('both limits must hold: a full domain refuses what the box has room for', () => {
    const both = rules({ box: { messages: 2, bytes: 0 }, domain: { messages: 5, bytes: 0 } });
    const usages = [
      { messages: 2, bytes: 200 },
      { messages: 5, bytes: 500 },
    ];
    const one = situation({ usages, candidates: [waiting(1), []] });
    expect(plan(message(), both, one).full).toContain('The domain example.org is full: 5 messages');
    const two = situation({ usages, candidates: [waiting(1), waiting(7)] });
    expect(ids(plan(message(), both, two).giveWay)).toEqual([1, 7]);
    const same = situation({ usages, candidates: [waiting(1), waiting(1)] });
    expect(ids(plan(message(), both, same).giveWay)).toEqual([1]);
  });

  test('what is replaced goes anyway, makes room first, and does not give way as well', () => {
    const usages = [{ messages: 2, bytes: 200 }];
    const decided = plan(
      receipt,
      rules({ box: { messages: 2, bytes: 0 }, replaces: ['t'], overflow: 'reject' }),
      situation({ usages, replaced: waiting(9) }),
    );
    expect(decided).toEqual({ replaced: waiting(9), giveWay: [] });
  });

  test('the oldest receipts go when there are too many, not counting those that are replaced', () => {
    const decided = plan(
      receipt,
      rules({ receipts: 2, replaces: ['t'] }),
      situation({ replaced: waiting(1), receipts: waiting(1, 2, 3) }),
    );
    expect([ids(decided.replaced), ids(decided.giveWay)]).toEqual([[1], [2]]);
  });

  test('no number of receipts is too many for a message', () => {
    const decided = plan(message(), rules({ receipts: 1 }), situation({ receipts: waiting(1, 2, 3) }));
    expect(decided).toEqual({ replaced: [], giveWay: [] });
  });
});
