/** sipp as a sender and as a phone. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runSipp, startSipp, type RunningSipp, type SippResult, type SippRun } from '../support/sipp.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import type { Transport } from './journey.ts';

const DOMAIN = 'example.org';

export interface SippPeer {
  readonly server: { readonly host: string; readonly port: number };
  readonly transport: Transport;
}

/** Sends the texts one after the other; a call has failed unless it is answered with this status. */
export function sendBySipp(
  peer: SippPeer,
  user: string,
  texts: readonly string[],
  status = 202,
): Promise<SippResult> {
  return runSipp({
    ...common(peer),
    scenario: scenario('send-message', status),
    calls: texts.length,
    rate: 200,
    keys: { to: user, domain: DOMAIN },
    csv: texts.map((text) => [text]),
    // One call at a time: the order of sending is the order of acceptance.
    args: ['-l', '1'],
  });
}

export interface SippPhone {
  /** Texts of the messages that it got, in order. */
  texts(): readonly string[];
  received(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** Registers, then answers each MESSAGE with this status until it is stopped. */
export async function registerSipp(peer: SippPeer, user: string, status = 200): Promise<SippPhone> {
  const folder = temporaryFolder('silo-sipp-phone');
  const answering = join(folder.path, 'answer-message.xml');
  writeFileSync(answering, scenario('answer-message', status));
  const sipp = await startSipp({
    ...common(peer),
    scenario: scenario('register', status),
    keys: { user, domain: DOMAIN },
    timeoutMs: 60_000,
    args: ['-oocsf', answering],
  });
  const texts = () => received(sipp, 'MESSAGE ').map((text) => text.slice(text.indexOf('\r\n\r\n') + 4));
  await until(() => received(sipp, 'SIP/2.0 200 ').length > 0);
  return {
    texts,
    received: (count) => until(() => texts().length >= count),
    stop: async () => {
      await sipp.stop();
      folder.remove();
    },
  };
}

function common({ server, transport }: SippPeer): Pick<SippRun, 'remote' | 'transport'> {
  return { remote: `${server.host}:${server.port}`, transport: transport === 'udp' ? 'u1' : 't1' };
}

/** sipp takes no key where it wants a status, so it is written in here. */
function scenario(name: string, status: number): string {
  const file = new URL(`../fixtures/sipp/${name}.xml`, import.meta.url);
  return readFileSync(file, 'utf8').replaceAll('STATUS', String(status));
}

function received(sipp: RunningSipp, start: string): readonly string[] {
  return sipp
    .messages()
    .filter(({ direction, text }) => direction === 'received' && text.startsWith(start))
    .map(({ text }) => text);
}
