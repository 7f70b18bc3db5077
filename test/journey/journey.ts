/** What the journeys share: one running app for a file, and phones that go away with it. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect } from 'vitest';
import { startApp, type RunningApp } from '../support/app.ts';
import { Phone, type PhoneOptions } from '../support/phone.ts';

type PhoneWishes = Partial<PhoneOptions>;
export type Transport = 'udp' | 'tcp';

export interface Journey {
  readonly app: RunningApp;
  /** A phone of somebody new: the name gets an ending that no other test uses. */
  phone(name: string, wishes?: PhoneWishes): Promise<Phone>;
  /** One more device of the same person. */
  another(phone: Phone, wishes?: PhoneWishes): Promise<Phone>;
}

/** Starts the app once for this file and stops it at its end. */
export function journey(env: Readonly<Record<string, string>> = {}): Journey {
  const phones = phonesOf(() => app);
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp({ SILO_LIVE_TIMEOUT: '400', SILO_STOP_GRACE: '200', ...env });
  });
  afterAll(async () => {
    expect(await app.process.stop()).toEqual({ code: 0, signal: null });
    phones.close();
  });
  return {
    get app() {
      return app;
    },
    ...phones,
  };
}

/** Phones at whatever app runs just now. */
export function phonesOf(
  app: () => RunningApp,
): Pick<Journey, 'phone' | 'another'> & { readonly close: () => void } {
  const open: Phone[] = [];
  const start = async (name: string, wishes: PhoneWishes = {}): Promise<Phone> => {
    const phone = await Phone.start(name, { server: app().server, ...wishes });
    open.push(phone);
    return phone;
  };
  return {
    phone: (name, wishes) => start(fresh(name), wishes),
    another: (phone, wishes) => start(phone.name, { domain: phone.domain, ...wishes }),
    close: () => {
      for (const phone of open.splice(0)) phone.close();
    },
  };
}

/** A name that no other test of this run uses. */
export function fresh(name: string): string {
  return `${name}-${randomBytes(4).toString('hex')}`;
}

/** `message 1`, `message 2`, … */
export function numbered(count: number, word = 'message'): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${word} ${index + 1}`);
}

/** Sends one after the other, as RFC 3428 wants it; each must be accepted with this status. */
export async function sendAll(from: Phone, to: Phone, texts: readonly string[], status = 202): Promise<void> {
  for (const text of texts) expect((await from.message(to.name, text)).status).toBe(status);
}

/** As `sendAll`, to somebody whose mail has just arrived: 202 until the silo has seen the last answer, then 200. */
export async function sendNext(from: Phone, to: Phone, text: string): Promise<void> {
  const before = to.messages.length;
  expect([200, 202]).toContain((await from.message(to.name, text)).status);
  await to.received(before + 1);
  expect(to.texts.at(-1)).toBe(text);
}
