/** Mail that waits, and devices that come back: as many devices at once, and one with all of it. */
import type { Ground, Outcome, Workload } from '../model.ts';
import { disordered, noteOf, times } from './figures.ts';
import { reached } from './patience.ts';

/** So many devices register at once: as when power is back in a street, and not as when a test begins. */
const AT_ONCE = 100;

export const dumpMany: Workload = {
  id: 'dump',
  title: 'dump, many devices x 10',
  unit: 'messages/s',
  stores: true,
  run: (ground) => dump(ground, ground.sizes.devices, ground.sizes.each),
};

export const dumpOne: Workload = {
  id: 'dump-one',
  title: 'dump, one device',
  unit: 'messages/s',
  stores: true,
  run: (ground) => dump(ground, 1, ground.sizes.one),
};

async function dump(
  { running, sipp, sizes, measured }: Ground,
  devices: number,
  each: number,
): Promise<Outcome> {
  const count = devices * each;
  await warmUp({ running, sipp, sizes, measured });
  await sipp.load({
    scenario: 'message',
    calls: count,
    open: sizes.open,
    // In turn, so that those of one box are far apart.
    fields: times(devices, (index) => [`device${index}x`]),
  });
  const order = (await running.table?.texts('device')) ?? [];
  const phones = await sipp.phones('device');
  const { registered, notes } = await measured(async () => {
    const registers = await sipp.load({
      scenario: 'register',
      calls: devices,
      open: AT_ONCE,
      fields: times(devices, (index) => [`device${index}x`]),
      keys: { times: 1, contact: phones.port },
    });
    await reached(count, () => phones.notes().length);
    return { registered: registers, notes: phones.notes().map(noteOf) };
  });
  const repeats = await phones.end();
  const last = notes.reduce((latest, { at }) => Math.max(latest, at), registered.began);
  const different = new Set(notes.map(({ what }) => what)).size;
  return {
    figure: (1000 * notes.length) / Math.max(last - registered.began, 1),
    count,
    facts: {
      missing: count - different,
      doubled: notes.length - different,
      disordered: disordered(notes, order),
      repeats,
      registerRepeats: registered.repeats,
      failed: registered.failed,
    },
  };
}

/** A box that is sent to a device, before it counts. */
async function warmUp({ sipp, sizes }: Ground): Promise<void> {
  const devices = Math.max(1, Math.round(sizes.devices / 5));
  const fields = times(devices, (index) => [`warm${index}x`]);
  const count = devices * sizes.each;
  await sipp.load({ scenario: 'message', calls: count, open: sizes.open, fields });
  const phones = await sipp.phones('device');
  const keys = { times: 1, contact: phones.port };
  await sipp.load({ scenario: 'register', calls: devices, open: AT_ONCE, fields, keys });
  await reached(count, () => phones.notes().length);
  await phones.end();
}
