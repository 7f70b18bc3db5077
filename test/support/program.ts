/** A program with the application in it: it does what it is told on its standard input, a line of JSON each time, and says what came of it. */
import { createInterface } from 'node:readline';
import { startApplication } from '../../lib/app/application.ts';
import { SiloError } from '../../lib/base/errors.ts';
import { readConfig } from '../../lib/config/config.ts';
import type { LampSource } from '../../lib/mwi/state/program-source.ts';
import type { Submission } from '../../lib/silo/submit/submission.ts';

/** What it is told. */
export interface Told {
  readonly n: number;
  readonly submit?: Submission;
  readonly publish?: LampSource;
}

const { silo, mwi } = await startApplication(readConfig(process.env));
console.log('ready');

createInterface({ input: process.stdin }).on('line', (line) => {
  const { n, submit, publish } = JSON.parse(line) as Told;
  const answer = (what: object) => console.log(`answer ${n} ${JSON.stringify(what)}`);
  const fail = (error: unknown) =>
    answer({ failed: error instanceof SiloError ? error.code : 'a bug', sentence: String(error) });
  if (submit) silo.submit(submit).then(answer, fail);
  if (publish) mwi.publish(publish).then(answer, fail);
});
