/**
 * Which boxes may hold mail. A REGISTER asks this set, not the database, so that a refresh without mail costs no
 * query. It errs towards "has mail": until it is complete, every box may.
 */
export interface Boxes {
  mayHaveMail(box: string): boolean;
  add(box: string): void;
  /** A point in time, for `foundEmpty`: take it before looking into the box. */
  mark(): number;
  /** A look that began at `mark` found the box empty. Ignored when something was added since, or is being stored. */
  foundEmpty(box: string, mark: number): void;
  /** The set holds every box that the database had. */
  complete(): void;
  /** Marks a message for this box as being stored; call the result when it is (or is not). */
  storing(box: string): () => void;
  readonly size: number;
}

export function createBoxes(): Boxes {
  /** Box -> when it was added last. */
  const boxes = new Map<string, number>();
  const storing = new Map<string, number>();
  let serial = 0;
  let complete = false;
  return {
    mayHaveMail: (box) => !complete || boxes.has(box) || storing.has(box),
    add: (box) => boxes.set(box, ++serial),
    mark: () => serial,
    foundEmpty: (box, mark) => {
      if (!storing.has(box) && (boxes.get(box) ?? 0) <= mark) boxes.delete(box);
    },
    complete: () => (complete = true),
    storing: (box) => {
      storing.set(box, (storing.get(box) ?? 0) + 1);
      return () => {
        const left = (storing.get(box) ?? 1) - 1;
        if (left === 0) storing.delete(box);
        else storing.set(box, left);
      };
    },
    get size() {
      return boxes.size;
    },
  };
}
