/** How many generated inputs the properties with the most of them try: RUNS in all, 100,000 unless told; `npm run check` says 5,000. */
export const RUNS = Number(process.env['RUNS'] ?? 100_000);

/** The share of it that a property has which tries `most` of 100,000. */
export function runs(most: number): number {
  return Math.max(100, Math.round((most * RUNS) / 100_000));
}
