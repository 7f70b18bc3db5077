/** What was found and done so far, kind by kind, with the rows it was found in. */
import type { Note, Refusal, Repair, Skip } from './judgement.ts';

interface Finding {
  readonly id: number;
  readonly found: string;
}

interface Group {
  readonly count: number;
  readonly rows: readonly Finding[];
}

export type Groups<Kind extends string> = ReadonlyMap<Kind, Group>;

export interface Tally {
  readonly rows: number;
  readonly imported: number;
  /** Imported ones with a time before which they must not be sent. */
  readonly scheduled: number;
  /** Imported ones with at least one repair. */
  readonly repaired: number;
  readonly skipped: number;
  readonly refused: number;
  /** Imported ones whose Content-Type has parameters: a Kamailio's never have. */
  readonly withParameters: number;
  readonly repairs: Groups<Repair>;
  readonly skips: Groups<Skip>;
  readonly refusals: Groups<Refusal>;
}

interface Imported {
  readonly id: number;
  readonly scheduled: boolean;
  readonly parameters: boolean;
  readonly repairs: readonly Note<Repair>[];
}

export interface Counting {
  /** As it stands; it goes on changing. */
  readonly tally: Tally;
  imported(row: Imported): void;
  skipped(id: number, note: Note<Skip>): void;
  refused(id: number, note: Note<Refusal>): void;
}

/** @param examples rows kept per kind; all of them may be many */
export function startCounting(examples: number): Counting {
  const counts = {
    rows: 0,
    imported: 0,
    scheduled: 0,
    repaired: 0,
    skipped: 0,
    refused: 0,
    withParameters: 0,
  };
  const groups = {
    repairs: new Map<Repair, { count: number; rows: Finding[] }>(),
    skips: new Map<Skip, { count: number; rows: Finding[] }>(),
    refusals: new Map<Refusal, { count: number; rows: Finding[] }>(),
  };
  function note<Kind extends string>(
    into: Map<Kind, { count: number; rows: Finding[] }>,
    id: number,
    { kind, found }: Note<Kind>,
  ): void {
    const group = into.get(kind) ?? { count: 0, rows: [] };
    group.count++;
    if (group.rows.length < examples) group.rows.push({ id, found });
    into.set(kind, group);
  }
  return {
    tally: Object.assign(counts, groups),
    imported: ({ id, scheduled, parameters, repairs }) => {
      counts.rows++;
      counts.imported++;
      if (scheduled) counts.scheduled++;
      if (parameters) counts.withParameters++;
      if (repairs.length > 0) counts.repaired++;
      for (const repair of repairs) note(groups.repairs, id, repair);
    },
    skipped: (id, skip) => {
      counts.rows++;
      counts.skipped++;
      note(groups.skips, id, skip);
    },
    refused: (id, refusal) => {
      counts.rows++;
      counts.refused++;
      note(groups.refusals, id, refusal);
    },
  };
}
