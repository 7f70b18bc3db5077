/** The part of the soak's load that is no plain delivery: devices that refuse, and messages that expire. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from '../test/support/load/load.ts';
import { Ledger } from '../test/support/load/ledger.ts';
import type { Chance } from '../test/support/load/random.ts';
import { LoadPhone } from '../test/support/load-phone.ts';

const REFUSING = 6;
const AWAY = 4;
/** What a refusing device says, and 200 for two thirds. */
const ANSWERS = [480, 486, 500, 415, 400, 603] as const;

export class Unruly {
  readonly ledger = new Ledger(true);
  readonly #phones: LoadPhone[] = [];
  readonly #work: Promise<void>[] = [];
  readonly #chance: Chance;
  #loaded = true;

  private constructor(chance: Chance) {
    this.#chance = chance;
  }

  static async start(node: Target, chance: Chance, pause: number): Promise<Unruly> {
    const unruly = new Unruly(chance);
    const phone = async (aor: string) => {
      const made = await LoadPhone.start(aor, node.server);
      unruly.#phones.push(made);
      return made;
    };
    for (let number = 0; number < REFUSING; number++) {
      const device = await phone(`refuser${number}@example.org`);
      device.react = () => (chance.next() < 0.67 ? 200 : (ANSWERS[chance.between(0, ANSWERS.length)] ?? 200));
      device.onMessage = ({ callId, body }) => unruly.ledger.arrive(device.aor, callId, body);
      unruly.#work.push(unruly.#comeBack(device));
    }
    unruly.#work.push(
      unruly.#send(
        await phone('patient@example.org'),
        pause,
        () => `refuser${chance.between(0, REFUSING)}@example.org`,
      ),
      // Nobody ever registers there.
      unruly.#send(
        await phone('hasty@example.org'),
        pause,
        () => `away${chance.between(0, AWAY)}@example.org`,
        { Expires: '5' },
      ),
    );
    return unruly;
  }

  async end(): Promise<void> {
    this.#loaded = false;
    await Promise.all(this.#work);
  }

  close(): void {
    this.#loaded = false;
    for (const phone of this.#phones) phone.close();
  }

  async #comeBack(device: LoadPhone): Promise<void> {
    while (this.#loaded) {
      await device.register(3600);
      await sleep(this.#chance.between(1_000, 5_000));
    }
  }

  async #send(
    sender: LoadPhone,
    pause: number,
    to: () => string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    while (this.#loaded) {
      const { id, body } = this.ledger.send('unruly');
      this.ledger.answer(id, await sender.message(to(), body, headers));
      await sleep(this.#chance.between(0, 4 * pause));
    }
  }
}
