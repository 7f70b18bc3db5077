import { statusForSender } from '../state/outcome.ts';

/** A live delivery that no device took: `status` is what the sender would be told without a silo. */
export class LiveFailure extends Error {
  readonly status: number;
  /** What the best of the devices answered. */
  readonly answered: number;
  /** Were all devices tried? Otherwise another node has the connection of one, and may send at once. */
  readonly triedAll: boolean;

  constructor(answered: number, reason: string, triedAll = true) {
    const status = statusForSender(answered);
    super(status === answered ? reason : `The device answered ${answered} ${reason}`);
    this.name = 'LiveFailure';
    this.status = status;
    this.answered = answered;
    this.triedAll = triedAll;
  }
}
