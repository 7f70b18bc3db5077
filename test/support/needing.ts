import 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** Why a test could not run here; `npm test` prints it beside the skipped test. */
    missing?: string;
  }
}

/**
 * Options of a `describe` or `test` that needs a tool: without the tool it is skipped, and `npm test` says why.
 *
 * @example
 * describe('the MySQL store', needing(mariadbMissing()), () => { … });
 */
export function needing(missing: string | undefined): { skip?: true; meta?: { missing: string } } {
  return missing === undefined ? {} : { skip: true, meta: { missing } };
}
