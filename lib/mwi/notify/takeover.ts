/**
 * What to do for the phones of a node that died or stopped and has not come back: they are told that their subscription
 * is over, so that they subscribe again, at a node that lives. Those that only the dead node's drachtio-server could reach
 * stay as they are: another node of that server may reach them, or their node when it is back.
 */
import { logger } from '../../base/log.ts';
import { reachableFrom } from '../../sip/read/next-hop.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import type { MwiStore, Subscription } from '../../stores/contract/mwi.ts';
import type { NodeRow } from '../../stores/contract/nodes.ts';
import type { Deactivation } from './deactivate.ts';

const log = logger('mwi:deactivate');
/** Taken and told, then the next: what is taken and not told yet waits if this node dies, too. */
const PAGE = 1000;

export interface TakeoverContext {
  readonly store: MwiStore;
  readonly port: Port;
  readonly deactivation: Deactivation;
  /** This node. */
  readonly self: Pick<Subscription, 'node' | 'run'>;
}

export type Takeover = (gone: NodeRow) => Promise<void>;

export function createTakeover({ store, port, deactivation, self }: TakeoverContext): Takeover {
  return async ({ node, server }) => {
    let told = 0;
    let unreachable = 0;
    for (const run of await store.subscribedRuns(node))
      for (let after = ''; ;) {
        const page = await store.subscriptionsOf(node, run, after, PAGE);
        if (page.length === 0) break;
        after = page.at(-1)?.id ?? after;
        if (deactivation.closing) return;
        if (!port.connected()) throw new Error('drachtio-server is away');
        const near = page.filter(({ routes, source, target }) =>
          reachableFrom(port.server(), { path: routes, source, contact: target, server }),
        );
        const taken = await store.takeSubscriptions(
          near.map(({ id }) => id),
          node,
          self,
        );
        await deactivation.deactivate(
          near.filter(({ id }) => taken.has(id)).map((one) => ({ ...one, ...self })),
        );
        told += taken.size;
        unreachable += page.length - near.length;
      }
    if (told > 0) log.warn(`${told} phones of node ${node}, which is gone, were told to subscribe again`);
    if (unreachable > 0)
      log.warn(
        `${unreachable} phones of node ${node}, which is gone, can only be reached by its own drachtio-server (${server}): ` +
          'their lamps stand still until they register or subscribe again',
      );
  };
}
