/** One thing that was looked at, and what to do about it. */
export interface Finding {
  readonly status: 'ok' | 'warn' | 'fail';
  /** `database`, `drachtio-server`, `this host`. */
  readonly where: string;
  /** What was looked at, in a word or two that stay. */
  readonly what: string;
  readonly found: string;
  /** What to do; '' where nothing is wrong. */
  readonly advice: string;
}

type Told = readonly [what: string, found: string, advice?: string];

/** Findings of one place. */
export interface Notes {
  readonly list: readonly Finding[];
  readonly ok: (...told: Told) => void;
  readonly warn: (...told: Told) => void;
  readonly fail: (...told: Told) => void;
}

export function notesOf(where: string): Notes {
  const list: Finding[] = [];
  const at =
    (status: Finding['status']) =>
    (...[what, found, advice = '']: Told) =>
      void list.push({ status, where, what, found, advice });
  return { list, ok: at('ok'), warn: at('warn'), fail: at('fail') };
}
