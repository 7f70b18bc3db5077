/** The app under load, killed again and again at moments that a seed decides. */
import { AppNode } from '../support/load/app-node.ts';
import { Ledger } from '../support/load/ledger.ts';
import { Load } from '../support/load/load.ts';
import type { Chance } from '../support/load/random.ts';
import { realTime } from '../support/real-time.ts';

export interface KillRun {
  readonly store: string;
  readonly kills: number;
  readonly chance: Chance;
}

/** Runs until every acknowledged message has arrived, or for so long that it never will. */
export async function killRun({ store, kills, chance }: KillRun): Promise<Ledger> {
  const ledger = new Ledger();
  // The shortest lease that there is: a box whose node was killed waits this long for another one.
  const app = await AppNode.create({ store, name: 'app', env: { SILO_LEASE_TIME: '3' } });
  let load: Load | undefined;
  try {
    await app.start();
    await app.ready();
    load = await Load.start({ nodes: [app], ledger, chance });
    for (let killed = 0; killed < kills; killed++) {
      // Now and then while it is still starting, else in the middle of its work.
      if (chance.next() < 0.2) await realTime(chance.between(0, 500), 'moments');
      else {
        await app.ready();
        await load.goesOn(chance.between(10, 150));
      }
      await app.kill(ledger);
      await app.start();
    }
    await app.ready();
    await load.end();
    await app.stop(ledger);
  } finally {
    await app.kill();
    load?.close();
  }
  return ledger;
}
