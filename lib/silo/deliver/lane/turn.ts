/** The turn of a lane: is there a device, is the lease ours, a session, and the lease is given back. */
import { SiloError, textOf } from '../../../base/errors.ts';
import { logger } from '../../../base/log.ts';
import type { Port } from '../../../sip/drachtio/port.ts';
import type { Lease } from '../../../stores/contract/leases.ts';
import type { BindingSource } from '../../state/bindings.ts';
import type { Boxes } from '../../state/boxes.ts';
import type { Quarantine } from '../../state/quarantine.ts';
import type { Wake } from '../../state/wake.ts';
import { EverySession } from '../session/every-session.ts';
import { FirstSession } from '../session/first-session.ts';
import type { DeliveryContext, SessionEnd } from '../session/session.ts';
import { BoxDevices } from './box-devices.ts';
import type { Lane } from './lane.ts';
import { surelyHeld } from './lease-renewal.ts';

const log = logger('silo:lane');

/** Milliseconds until the next turn when drachtio-server, or the store, is away. */
const DISCONNECTED_MS = 2000;
const STORE_AWAY_MS = 5000;

export interface TurnContext extends DeliveryContext {
  readonly port: Pick<Port, 'send' | 'connected' | 'server'>;
  readonly bindings: BindingSource;
  readonly boxes: Boxes;
  /** Name of this process in the leases. */
  readonly owner: string;
  readonly quarantine: Pick<Quarantine, 'held' | 'holds'>;
  /** False when this node stops, or nothing may be sent: no further message is. */
  readonly isOpen: () => boolean;
}

/** What the lane does when its turn is over. `elsewhere`: another node may reach a device of the box. */
export type AfterTurn =
  { readonly kind: 'rest' | 'elsewhere' } | { readonly kind: 'pause'; readonly ms: number };

/**
 * Leads the lane from `queued` to `claiming` or `releasing`. A store that is away is a pause.
 * @throws what is a fault of ours, or of the host app's registrar
 */
export async function takeTurn(context: TurnContext, lane: Lane): Promise<AfterTurn> {
  const why = lane.begin();
  try {
    if (await context.quarantine.holds()) return { kind: 'rest' };
    if (!context.port.connected()) return { kind: 'pause', ms: DISCONNECTED_MS };
    const devices = new BoxDevices(context, lane);
    const presence = await devices.presence();
    if (presence === 'reachable') return await claimAndServe(context, lane, devices, why);
    // A limit is for this wake: the next registration empties the box.
    lane.takeLimit();
    if (presence === 'none') await park(context, lane.box);
    return { kind: presence === 'none' ? 'rest' : 'elsewhere' };
  } catch (error) {
    if (!(error instanceof SiloError)) throw error;
    log.warn(`the box of ${lane.box} could not be served: ${textOf(error)}`);
    return { kind: 'pause', ms: STORE_AWAY_MS };
  }
}

/** No device takes messages: what is due waits for a registration. */
async function park({ store, settings, now }: TurnContext, box: string): Promise<void> {
  await store.park(box, now(), 0);
  if (settings.deliverTo === 'every') await store.parkDevices(box, now());
}

async function claimAndServe(
  context: TurnContext,
  lane: Lane,
  devices: BoxDevices,
  why: Wake,
): Promise<AfterTurn> {
  const { store, settings, owner } = context;
  const asked = performance.now();
  const claim = await store.claim(lane.box, owner, settings.leaseTime);
  if (!('lease' in claim)) {
    // Where every device is owed everything, the other node may be done long before its lease ends.
    const seconds = settings.deliverTo === 'every' ? 1 : claim.heldFor + 1;
    return { kind: 'pause', ms: seconds * 1000 };
  }
  const { lease } = claim;
  try {
    lane.lease(lease, asked + surelyHeld(settings.leaseTime));
    const session = settings.deliverTo === 'every' ? EverySession : FirstSession;
    const end = await new session(sessionContext(context, lane, devices, { lease, why })).run();
    if (context.isOpen() && !lane.holds(lease)) context.events.emit('leaseLost', { box: lane.box });
    return await afterSession(context, lane.box, end);
  } finally {
    if (lane.state === 'serving') lane.release();
    await store
      .release(lease)
      .catch((error: unknown) => log.warn(`a lease could not be ended: ${textOf(error)}`));
  }
}

function sessionContext(
  context: TurnContext,
  lane: Lane,
  devices: BoxDevices,
  { lease, why }: { readonly lease: Lease; readonly why: Wake },
) {
  return {
    ...context,
    lease,
    why,
    devices,
    limit: lane.takeLimit(),
    mayGoOn: () => context.isOpen() && lane.holds(lease),
    onLeaving: devices.onLeaving.bind(devices),
  };
}

async function afterSession(
  { store, boxes, now }: TurnContext,
  box: string,
  end: SessionEnd,
): Promise<AfterTurn> {
  switch (end.kind) {
    case 'empty':
      boxes.foundEmpty(box, end.mark);
      return { kind: 'rest' };
    case 'until':
      // Those behind the head are not due before it is: the sweep need not find them.
      await store.park(box, now(), end.time);
      return { kind: 'rest' };
    case 'again':
      return { kind: 'pause', ms: end.ms };
    case 'waits':
      return { kind: 'rest' };
  }
}
