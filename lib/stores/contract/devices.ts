/** Who has what, where every device gets every message. */
import type { Lease } from './leases.ts';

/** How far a device is, where every device gets every message. */
export interface DeviceState {
  readonly device: string;
  readonly firstSeen: number;
  /** Not owed anything after this; 0: it is known only while it is registered. */
  readonly until: number;
  /** The back-off of its first message. */
  readonly attempts: number;
  readonly strikes: number;
  readonly nextTime: number;
  readonly lastStatus: number;
}

/** A device whose back-off ends then. */
export interface DueDevice extends Pick<DeviceState, 'device' | 'nextTime'> {
  readonly box: string;
}

/** Who has what, where every device gets every message. */
export interface DeviceStore {
  /** The device has the message, others are still owed it. False when the lease is stale or the message is gone. */
  take(lease: Lease, id: number, device: string): Promise<boolean>;
  /** The same without a lease, by the message's key: a late answer. False when the message is gone. */
  takeByKey(key: string, device: string): Promise<boolean>;
  /** The devices of a box that are known, or have a back-off. */
  deviceStates(box: string): Promise<readonly DeviceState[]>;
  /** The device is known until then. Its back-off and when it was first seen stay. */
  knowDevice(box: string, device: string, now: number, until: number): Promise<void>;
  /** Sets the back-off of a device; zeros end it. False when the lease is stale. */
  holdDevice(
    lease: Lease,
    device: string,
    now: number,
    hold: Pick<DeviceState, 'attempts' | 'strikes' | 'nextTime' | 'lastStatus'>,
  ): Promise<boolean>;
  /** Devices whose back-off ends at `until` or before, by time, in pages: those after `after`, at most `limit`. */
  dueDevices(until: number, after: DueDevice | undefined, limit: number): Promise<readonly DueDevice[]>;
  /** Back-offs of this box that have ended are over; the devices wait for a registration. */
  parkDevices(box: string, now: number): Promise<void>;
  /** Forgets at most `limit` devices that are not owed anything any more. */
  forgetDevices(now: number, limit: number): Promise<number>;
}
