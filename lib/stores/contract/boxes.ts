/**
 * Boxes as an operator sees them: how much waits in each, counted aside, so that no list counts a million messages and no message that
 * is accepted counts anything.
 */

/** What was counted of a box that holds mail. */
export interface BoxRow {
  readonly box: string;
  readonly messages: number;
  /** Row id of the first accepted of them; of those without a set time where there are such. */
  readonly firstId: number;
}

/** Most messages first, the first accepted first, or in text order. */
export type BoxOrder = 'waiting' | 'oldest' | 'name';

export interface BoxTotals {
  readonly boxes: number;
  readonly messages: number;
  /** When all boxes had been counted last; 0: never. */
  readonly counted: number;
}

/** How the first message of a box stands. */
export interface BoxHead {
  readonly id: number;
  readonly box: string;
  readonly incTime: number;
  readonly sendTime: number;
  readonly nextTime: number;
  readonly attempts: number;
  readonly lastStatus: number;
  readonly refusedBy: readonly string[];
}

/** A lease as others see it. */
export interface HeldBox {
  readonly box: string;
  readonly owner: string;
  readonly ends: number;
}

export interface BoxStore {
  /** Boxes that were counted, behind `after`, at most `limit`; of one domain unless it is ''. */
  boxPage(order: BoxOrder, domain: string, limit: number, after?: BoxRow): Promise<readonly BoxRow[]>;
  /** Of all boxes together, or of a domain. */
  boxTotals(domain: string): Promise<BoxTotals>;
  /** What was counted of a box last; undefined: it held nothing. */
  countedBox(box: string): Promise<BoxRow | undefined>;
  /** Counts these boxes now; returns those that hold mail. */
  countBoxes(boxes: readonly string[]): Promise<readonly BoxRow[]>;
  /** All boxes have been counted, one after the other. */
  allCounted(now: number): Promise<void>;
  /** The messages with these ids, as far as they still wait. */
  boxHeads(ids: readonly number[]): Promise<readonly BoxHead[]>;
  /** Leases that hold, of these boxes. */
  heldBoxes(boxes: readonly string[]): Promise<readonly HeldBox[]>;
  /** Boxes whose lease this owner has, in text order. */
  heldBy(owner: string, limit: number): Promise<readonly HeldBox[]>;
}
