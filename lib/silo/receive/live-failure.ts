/** A live delivery that no device took: `status` is what the sender would be told without a silo. */
export class LiveFailure extends Error {
  readonly status: number;
  /** Were all devices tried? Otherwise another node has the connection of one, and may send at once. */
  readonly triedAll: boolean;

  constructor(status: number, reason: string, triedAll = true) {
    super(reason);
    this.name = 'LiveFailure';
    this.status = status;
    this.triedAll = triedAll;
  }
}
