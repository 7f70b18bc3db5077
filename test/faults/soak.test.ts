/** `npm run soak` as it is used, for a few seconds. */
import { expect, test } from 'vitest';
import { startProcess } from '../support/process.ts';

test(
  'a soak of some seconds ends with a closed ledger, nothing doubled, and code 0',
  { timeout: 60_000 },
  async () => {
    const soak = await startProcess(process.execPath, ['dist/bench/soak.js', '--minutes', '0.1']);
    const { code } = await soak.exited;
    expect(soak.stderr).toBe('');
    expect(code, soak.stdout).toBe(0);
    expect(soak.stdout).toMatch(/^remembered at the end: .*\buris \d+ of \d+/m);
    expect(soak.stdout).toMatch(/^Soak of 0.1 minutes, --seed=\d+$/m);
    expect(soak.stdout).toMatch(/^ +\d+ s {2}sent \d+, acknowledged \d+, .* MB$/m);
    const [, accepted, ...ends] =
      /^accepted (\d+) = delivered (\d+) \+ waiting (\d+) \+ dead (\d+) \+ expired (\d+) \+ erased (\d+)$/m.exec(
        soak.stdout,
      ) ?? [];
    expect(Number(accepted)).toBeGreaterThan(0);
    expect(ends.reduce((sum, count) => sum + Number(count), 0)).toBe(Number(accepted));
    expect(soak.stdout).toMatch(
      /^live \d+, refused \d+, doubled 0, lost 0, longest time without a 2xx \d+ ms$/m,
    );
    expect(soak.stdout).toMatch(/^memory \d+ MB after a fifth of the time, \d+ MB at the end \(-?\d+ %\)$/m);
    expect(soak.stdout.trimEnd().split('\n').at(-1)).toBe('The ledger is closed.');
  },
);
