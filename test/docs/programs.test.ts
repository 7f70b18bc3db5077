/** The examples of docs/programs.md, as they stand there. */
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFrontEnd, type FrontEnd } from '../../lib/embedded/front-end.ts';
import type { Mwi, Silo, SiloError as OurError } from '../../lib/index.ts';
import { LampPhone } from '../support/lamp-phone.ts';
import { Phone } from '../support/phone.ts';
import { startProcess } from '../support/process.ts';
import { aScene } from '../support/scene.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { LONG, until } from '../support/until.ts';
import { compileBlocks, type CompiledBlocks } from './compiled.ts';
import { clean } from './fresh-clone.ts';
import { blocks } from './pages.ts';

const PAGE = 'docs/programs.md';
const all = blocks('ts', PAGE);
const tested = new Set<string>();

let front: FrontEnd;
let compiled: CompiledBlocks;
beforeAll(async () => {
  front = await startFrontEnd({ listen: '127.0.0.1:0', secret: 'cymru' });
  compiled = compileBlocks(all, (text) => text.replace('9022', String(front.adminPort)));
}, 60_000);
afterAll(async () => {
  compiled.remove();
  await front.close();
});

function fileOf(words: string): string {
  const found = all.filter(({ text }) => text.includes(words));
  expect(found, words).toHaveLength(1);
  tested.add(found[0]!.text);
  return compiled.fileOf(found[0]!);
}
const exported = async (name: string): Promise<unknown> =>
  ((await import(pathToFileURL(fileOf(`function ${name}`)).href)) as Record<string, unknown>)[name];

describe('docs/programs.md', () => {
  test('the app sends to somebody who is away and lights a lamp', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder('silo-docs-programs');
    const app = await startProcess(process.execPath, [fileOf('srf.connect')], {
      cwd: folder.path,
      env: clean,
    });
    const server = { host: '127.0.0.1', port: front.addresses[0]!.port };
    const lamp = await LampPhone.start('bob', { server });
    const bob = await Phone.start('bob', { server });
    try {
      await app.line('to bob@example.org: stored', { timeoutMs: 2 * LONG });
      await app.line('the lamp of bob@example.org says so for 3600 s');
      await lamp.subscribe();
      await lamp.sees(
        ({ text }) => text.includes('Voice-Message: 2/1') && text.includes('Pager-Message: 1/0'),
      );
      await bob.register();
      await bob.received(1);
      expect(bob.texts).toEqual(['We are open.']);
      await until(() =>
        expect(lamp.texts.at(-1)).toBe('Messages-Waiting: yes\r\nVoice-Message: 2/1 (0/0)\r\n'),
      );
      expect(app.stderr).toBe('');
    } finally {
      lamp.close();
      bob.close();
      await app.stop();
      folder.remove();
    }
  });

  test('a customer is told once, and a refusal says why', async () => {
    const tell = (await exported('tell')) as (
      silo: Pick<Silo, 'submit'>,
      customer: string,
      order: number,
    ) => Promise<string>;
    const scene = await aScene();
    try {
      const { silo } = scene.node;
      expect(await tell(silo, 'bob@example.org', 7)).toBe('stored');
      expect(await tell(silo, 'bob@example.org', 7)).toBe('stored before');
      expect(await scene.texts('bob')).toEqual(['Order 7 is on its way.']);
      // The error of the package that the example has: not that of these sources.
      const name: string = 'drachtio-silo';
      const { SiloError } = (await import(name)) as { SiloError: typeof OurError };
      const refusing = new SiloError('SILO_REFUSED', 'There is no room.', { status: 480 });
      expect(await tell({ submit: () => Promise.reject(refusing) }, 'bob@example.org', 8)).toBe(
        'refused with 480: There is no room.',
      );
    } finally {
      await scene.close();
    }
  });

  test('voicemail says what waits, and nothing when nothing does', async () => {
    const voicemail = (await exported('voicemail')) as (
      mwi: Pick<Mwi, 'publish'>,
      mailbox: string,
      messages: readonly object[],
    ) => Promise<number>;
    const scene = await aScene();
    const lamp = await LampPhone.start('bob', { server: scene.node.server });
    try {
      await lamp.subscribe();
      const { mwi } = scene.node;
      const messages = [
        { heard: false, urgent: true },
        { heard: true, urgent: true },
      ];
      expect(await voicemail(mwi, 'bob@example.org', messages)).toBe(3600);
      await lamp.sees(({ text }) => text === 'Messages-Waiting: yes\r\nVoice-Message: 1/1 (1/0)\r\n');
      expect(await voicemail(mwi, 'bob@example.org', [])).toBe(0);
      await until(() => expect(lamp.texts.at(-1)).toBe('Messages-Waiting: no\r\n'));
    } finally {
      lamp.close();
      await scene.close();
    }
  });

  test('no example of the page is left out', () => {
    expect(all.map(({ text }) => text).filter((text) => !tested.has(text))).toEqual([]);
  });
});
