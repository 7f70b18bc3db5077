/** The page in a browser, as an operator uses it: by mouse and by keyboard, on a phone and on a desk, by day and by night. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { root } from '../../docs/pages.ts';
import { chromiumMissing, startBrowser, type Browser, type BrowserPage } from '../../support/browser.ts';
import { LampPhone } from '../../support/lamp-phone.ts';
import { needing } from '../../support/needing.ts';
import { aScene, type Scene } from '../../support/scene.ts';
import { until } from '../../support/until.ts';

const BOB = 'bob@example.org';
const LOOKS = [
  { width: 360, scheme: 'light' },
  { width: 360, scheme: 'dark' },
  { width: 1280, scheme: 'light' },
  { width: 1280, scheme: 'dark' },
] as const;

describe('in a browser', needing(chromiumMissing()), () => {
  let browser: Browser;
  let scene: Scene;
  let page: BrowserPage;
  let at: string;

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    const now = () => Math.floor(Date.now() / 1000);
    scene = await aScene({ now, silo: { tailTime: 0.05 }, admin: { listen: '127.0.0.1:0' } });
    at = scene.node.http ?? '';
    page = await browser.page();
    // The address that the application prints: the script logs in with what stands behind the #.
    await page.go(`${at}#token=${scene.node.admin.token}`);
    await until(async () => expect(await heading()).toBe('Now'));
  });
  afterEach(() => scene.close());

  const heading = () => page.run<string | undefined>("document.querySelector('h1')?.textContent");
  const text = () => page.run<string>('document.body.innerText');

  test('the printed address logs in, and leaves the token nowhere', async () => {
    expect(await page.run('location.href')).toBe(at);
    expect(await page.run('document.cookie')).toBe('');
    expect(await page.run('document.documentElement.outerHTML')).not.toContain(scene.node.admin.token);
    expect(page.complaints).toEqual([]);
  });

  test('by keyboard: the search finds a box, and a Call-ID the ladder of its message', async () => {
    await scene.leave('bob', 'one');
    const alice = await scene.phone('alice');
    await alice.message('carol', 'two', { callId: 'a-call@host' });
    const search = async (wanted: string) => {
      for (let tabs = 0; tabs < 20; tabs++) {
        await page.press('Tab');
        if ((await page.run('document.activeElement.id')) === 'q') break;
      }
      await page.type(wanted);
      await page.press('Enter', { leads: true });
    };
    await search(BOB);
    expect(await heading()).toBe(BOB);
    expect(await text()).toContain('alice@example.org');
    await search('a-call@host');
    expect(await heading()).toBe('The way of a message');
    expect(await page.run("document.querySelectorAll('svg.ladder path').length")).toBe(1);
    expect(page.complaints).toEqual([]);
  });

  test('a dead letter is sent again by a click, and arrives', async () => {
    await scene.leave('bob', 'bad');
    let answer = 603;
    const bob = await scene.phone('bob', { react: ({ method }) => (method === 'MESSAGE' ? answer : 200) });
    await bob.register({ expires: 600 });
    await until(async () => expect((await scene.node.store.ledger()).dead).toBe(1));
    answer = 200;
    await page.go(`${at}dead`);
    expect(await text()).toContain('603');
    await page.click('form[action="/dead/replay"] button');
    expect(await page.run("document.querySelector('[role=status]').textContent")).toBe(
      '1 is back in its box.',
    );
    await until(async () => expect((await scene.node.store.ledger()).delivered).toBe(1));
  });

  test('a person is erased by writing its address twice', async () => {
    await scene.leave('bob', 'one');
    await page.go(`${at}box?aor=${BOB}`);
    await page.click('a[href^="/erase"]');
    await page.run("document.querySelector('input[name=again]').focus()");
    await page.type(BOB);
    await page.click('button.bad');
    expect(await text()).toMatch(/Erased\.[^]*silo: 1/);
    expect(await scene.texts('bob')).toEqual([]);
  });

  test('what happens is drawn as it happens', async () => {
    await until(async () => expect(await text()).toContain('Stored: 0 in the last minute'));
    await scene.leave('bob', 'one', 'two', 'three');
    await until(async () => expect(await text()).toContain('Stored: 3 in the last minute'));
  });

  test(
    'each page fits from 360 pixels up, dark and light, and complains of nothing',
    { timeout: 60_000 },
    async () => {
      await scene.leave('bob', 'one', 'two');
      const lamp = await LampPhone.start('bob', { server: scene.node.server });
      await lamp.subscribe();
      await until(async () => {
        await page.go(at);
        expect(await text()).toContain(BOB);
      });
      const alice = await scene.phone('alice');
      await alice.message('carol', 'x', { callId: 'shown-call' });
      const carol = await scene.phone('carol');
      await carol.register({ expires: 600 });
      await carol.received(1);
      const paths = [
        '',
        'boxes',
        `box?aor=${BOB}&bodies=true`,
        'message?which=shown-call',
        'dead',
        'lamps',
        `lamp?aor=${BOB}`,
        `erase?aor=${BOB}`,
      ];
      for (const { width, scheme } of LOOKS) {
        await page.look({ width, scheme });
        for (const path of paths) {
          await page.go(at + path);
          expect(
            await page.run('document.documentElement.scrollWidth'),
            `${path} at ${width}`,
          ).toBeLessThanOrEqual(width);
          const colours = await page.run<string>('getComputedStyle(document.body).backgroundColor');
          expect(colours).toBe(scheme === 'dark' ? 'rgb(20, 23, 26)' : 'rgb(255, 255, 255)');
          if (process.env['UPDATE_DOCS'] === '1' && (path === '' || path.startsWith('message')))
            await keep(path, width, scheme);
        }
      }
      expect(page.complaints).toEqual([]);
      lamp.phone.close();
    },
  );

  async function keep(path: string, width: number, scheme: string): Promise<void> {
    const folder = join(root, 'docs/images');
    mkdirSync(folder, { recursive: true });
    const name = path === '' ? 'now' : 'ladder';
    writeFileSync(join(folder, `${name}-${width}-${scheme}.png`), await page.screenshot());
  }
});
