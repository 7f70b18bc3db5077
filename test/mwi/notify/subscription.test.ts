/** The life of one subscription, along the drawing that stands above it. */
import { afterEach, describe, expect, test } from 'vitest';
import { onLog } from '../../../lib/base/log.ts';
import { forEach } from '../../../lib/mwi/notify/each.ts';
import type { EndReason } from '../../../lib/mwi/notify/notifier.ts';
import { ServedSubscription, type SubscriptionState } from '../../../lib/mwi/notify/subscription.ts';
import type { Answer } from '../../../lib/sip/drachtio/messages.ts';
import type { Subscription } from '../../../lib/stores/contract/mwi.ts';
import { until } from '../../support/until.ts';
import { DISCONNECTED, NO_DIALOG, answerOf } from './answers.ts';
import { ROW } from './row.ts';

/** One subscription, and what it did; its NOTIFYs wait for the answer that the test gives. */
class Life {
  readonly subscription: ServedSubscription;
  readonly states: SubscriptionState[] = [];
  /** How each NOTIFY ended the subscription, if it did. */
  readonly notifies: (EndReason | undefined)[] = [];
  erased = 0;
  /** What the removal of the row waits for. */
  removal = Promise.resolve();
  #answer: ((answer: Answer) => void) | undefined;

  constructor(row: Subscription = ROW) {
    this.subscription = new ServedSubscription(row, {
      read: () => Promise.resolve('Messages-Waiting: no\r\n'),
      send: (_, { end }) => {
        this.notifies.push(end);
        return new Promise((resolve) => (this.#answer = resolve));
      },
      refused: (subscription) => {
        if (!subscription.ending) subscription.end('probation');
      },
      erase: () => {
        this.erased++;
        return this.removal;
      },
      notified: () => undefined,
      entered: (_, state) => this.states.push(state),
      interval: 0,
    });
  }

  /** Answers the NOTIFY that is out, or the one that is on its way out. */
  async answers(answer: Answer): Promise<void> {
    await until(() => this.#answer !== undefined);
    const give = this.#answer;
    this.#answer = undefined;
    give?.(answer);
  }

  async comesTo(state: SubscriptionState): Promise<void> {
    await until(() => {
      expect(this.subscription.state, `after ${this.states.join(', ')}`).toBe(state);
    });
  }
}

/** Every state of the drawing, and a way that leads there. */
const WAYS: Readonly<Record<SubscriptionState, (life: Life) => Promise<void>>> = {
  new: () => Promise.resolve(),
  answering: ({ subscription }) => {
    subscription.stored();
    return Promise.resolve();
  },
  active: async (life) => {
    await WAYS.answering(life);
    life.subscription.answered();
    await life.answers(answerOf(200));
  },
  ending: async (life) => {
    await WAYS.active(life);
    life.subscription.end('timeout');
    await until(() => life.notifies.includes('timeout'));
  },
  owed: async (life) => {
    await WAYS.ending(life);
    await life.answers(DISCONNECTED);
    await life.comesTo('owed');
  },
  erasing: async (life) => {
    await WAYS.answering(life);
    life.removal = new Promise(() => undefined);
    life.subscription.unanswered();
  },
  ended: async (life) => {
    await WAYS.ending(life);
    await life.answers(answerOf(200));
    await life.comesTo('ended');
  },
};
const STATES = Object.keys(WAYS) as SubscriptionState[];

async function lifeIn(state: SubscriptionState): Promise<Life> {
  const life = new Life();
  await WAYS[state](life);
  expect(life.subscription.state).toBe(state);
  return life;
}

describe('the drawing', () => {
  test('served, refreshed and ended: a NOTIFY for each, the row is removed at the end', async () => {
    const life = new Life();
    life.subscription.stored();
    life.subscription.answered();
    await life.answers(answerOf(200));
    life.subscription.answered();
    await life.answers(answerOf(200));
    life.subscription.end('timeout');
    await life.answers(answerOf(200));
    await life.comesTo('ended');
    expect(life.states).toEqual(['answering', 'active', 'active', 'ending', 'erasing', 'ended']);
    expect([life.notifies, life.erased]).toEqual([[undefined, undefined, 'timeout'], 1]);
  });

  test('a fetch, and a row that an earlier run has left, have one NOTIFY, the last', async () => {
    const life = new Life();
    life.subscription.end('timeout');
    await life.answers(answerOf(200));
    await life.comesTo('ended');
    expect(life.states).toEqual(['ending', 'erasing', 'ended']);
    expect(life.notifies).toEqual(['timeout']);
  });

  test('without an answer to its SUBSCRIBE it is removed, and nothing is sent', async () => {
    const life = await lifeIn('answering');
    life.subscription.unanswered();
    await life.comesTo('ended');
    life.subscription.changed();
    expect(life.states).toEqual(['answering', 'erasing', 'ended']);
    expect(life.notifies).toEqual([]);
  });

  test('ended while its SUBSCRIBE is being answered, it has one NOTIFY, whether the answer goes out or not', async () => {
    for (const step of ['answered', 'unanswered'] as const) {
      const life = await lifeIn('answering');
      life.subscription.end('deactivated');
      life.subscription[step]();
      await life.answers(answerOf(200));
      await life.comesTo('ended');
      expect(life.states).toEqual(['answering', 'ending', 'erasing', 'ended']);
      expect(life.notifies).toEqual(['deactivated']);
    }
  });

  test('refused by its watcher it loses its row at once, and ends when the last NOTIFY is answered', async () => {
    const life = await lifeIn('active');
    life.subscription.answered();
    await life.answers(answerOf(489));
    await life.comesTo('ending');
    expect(life.erased).toBe(1);
    await life.answers(answerOf(481));
    await life.comesTo('ended');
    expect(life.notifies.at(-1)).toBe('probation');
  });

  test('without a dialog at drachtio-server it ends without a further NOTIFY', async () => {
    const life = await lifeIn('active');
    life.subscription.answered();
    await life.answers(NO_DIALOG);
    await life.comesTo('ended');
    expect(life.states).toEqual(['answering', 'active', 'active', 'erasing', 'ended']);
  });

  test('whose phone is being told past drachtio-server is not found any more meanwhile', async () => {
    const life = await lifeIn('active');
    life.subscription.answered();
    await until(() => life.notifies.length === 2);
    life.subscription.dialogLost();
    expect(life.subscription.ending).toBe(true);
    await life.answers(NO_DIALOG);
    await life.comesTo('ended');
    expect(life.states.slice(-3)).toEqual(['ending', 'erasing', 'ended']);
  });

  test('when the connection is lost before its last NOTIFY is answered, its row stays', async () => {
    const life = await lifeIn('owed');
    expect(life.erased).toBe(0);
    expect(life.subscription.ending).toBe(true);
  });

  test('the first reason stands', async () => {
    const life = await lifeIn('active');
    life.subscription.end('timeout');
    expect(() => life.subscription.end('deactivated')).toThrow('"end" is no step from "ending"');
    await life.answers(answerOf(200));
    await life.comesTo('ended');
    expect(life.notifies.at(-1)).toBe('timeout');
  });
});

describe('a step that the drawing does not have', () => {
  const undo: (() => void)[] = [];
  afterEach(() => {
    for (const one of undo.splice(0)) one();
  });

  const steps = ['stored', 'answered', 'unanswered', 'dialogLost', 'end'] as const;
  type Step = (typeof steps)[number];
  const ALLOWED: Readonly<Record<Step, readonly SubscriptionState[]>> = {
    stored: ['new'],
    answered: ['answering', 'active'],
    unanswered: ['answering'],
    dialogLost: ['answering', 'active'],
    end: ['new', 'answering', 'active'],
  };
  /** What may come later than the end, and then changes nothing. */
  const LATE: readonly Step[] = ['answered', 'unanswered', 'dialogLost'];
  const take = (subscription: ServedSubscription, step: Step) => {
    if (step === 'end') subscription.end('timeout');
    else subscription[step]();
  };

  test.each(STATES)('from %s is refused, or, where its end was faster, changes nothing', async (state) => {
    for (const step of steps) {
      if (ALLOWED[step].includes(state)) continue;
      const { subscription } = await lifeIn(state);
      if (subscription.ending && LATE.includes(step)) take(subscription, step);
      else
        expect(() => take(subscription, step)).toThrow(
          `subscription a1: "${step}" is no step from "${state}"`,
        );
      expect(subscription.state).toBe(state);
    }
  });

  test('is logged as an error, and harms no other subscription', async () => {
    const errors: string[] = [];
    undo.push(
      onLog((level, _, message) => {
        if (level === 'error') errors.push(message);
      }),
    );
    const lives = [new Life(), await lifeIn('ended'), new Life()];
    forEach(
      lives.map(({ subscription }) => subscription),
      (subscription) => subscription.stored(),
    );
    expect(lives.map(({ subscription }) => subscription.state)).toEqual(['answering', 'ended', 'answering']);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('subscription a1: "stored" is no step from "ended", only from "new"');
  });
});
