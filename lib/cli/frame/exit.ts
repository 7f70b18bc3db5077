/** How a command ends: the one place for exit codes, which its help and docs/commands.md repeat. */
export const EXIT = {
  /** It did what was asked. */
  done: 0,
  /** It could not: standard error has a sentence that says why, and nothing more was changed than it says. */
  failed: 1,
  /** It did, and the answer is not the good one: something is missing, was refused, or is not there. */
  no: 2,
} as const;

export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** What each code means where a command has nothing more particular to say. */
export const EXIT_MEANINGS: Readonly<Record<Exit, string>> = {
  [EXIT.done]: 'it was done',
  [EXIT.failed]: 'it could not be done: a sentence on standard error says why',
  [EXIT.no]: 'it was done, and the answer is no: missing, refused, or not as it should be',
};
