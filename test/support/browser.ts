/** Debian's Chromium without a window, by its DevTools protocol over a pipe: what a person sees and does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { findCommand } from './find-command.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { LONG } from './until.ts';
import { whenWeDie } from './watchdog.ts';

/** Why Chromium can't run here and what to do about it; undefined where it can. */
export function chromiumMissing(): string | undefined {
  if (findCommand('chromium') !== undefined) return undefined;
  return 'Chromium is missing; install it: apt-get install chromium';
}

interface Look {
  readonly width: number;
  readonly height?: number;
  readonly scheme: 'light' | 'dark';
}

export interface BrowserPage {
  /** What the browser complained of: errors of scripts, what the policy forbade. */
  readonly complaints: readonly string[];
  readonly go: (url: string) => Promise<void>;
  /** The value of an expression in the page. */
  readonly run: <T>(expression: string) => Promise<T>;
  /** Clicks what a person would, and waits for the page that it leads to. */
  readonly click: (selector: string) => Promise<void>;
  readonly type: (text: string) => Promise<void>;
  /** Presses a key; with `leads` it leads to another page, which is waited for. */
  readonly press: (key: 'Tab' | 'Enter', options?: { readonly leads?: boolean }) => Promise<void>;
  readonly look: (look: Look) => Promise<void>;
  readonly screenshot: () => Promise<Buffer>;
}

export interface Browser {
  readonly page: () => Promise<BrowserPage>;
  readonly close: () => Promise<void>;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

type Send = (
  method: string,
  params?: object,
  sessionId?: string,
) => Promise<Readonly<Record<string, unknown>>>;
type Listener = (message: Message) => void;

export async function startBrowser(): Promise<Browser> {
  const folder = temporaryFolder('silo-chromium');
  const child = spawn(
    findCommand('chromium') ?? 'chromium',
    [
      ...['--headless=new', '--remote-debugging-pipe', `--user-data-dir=${folder.path}`],
      // As root in a container there is neither; nothing but our own pages is loaded.
      ...['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], detached: true },
  );
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const watchdog = whenWeDie('kill -s KILL -- "-$1"', String(pid));
  const { send, listen } = connection(child.stdio[3] as Writable, child.stdio[4] as Readable);
  return {
    page: () => openPage(send, listen),
    close: async () => {
      const exited = once(child, 'exit');
      process.kill(-pid, 'SIGKILL');
      await exited;
      watchdog.dismiss();
      folder.remove();
    },
  };
}

function connection(to: Writable, from: Readable): { send: Send; listen: (listener: Listener) => void } {
  const waiting = new Map<number, { resolve: (result: object) => void; reject: (error: Error) => void }>();
  const listeners = new Set<Listener>();
  let text = '';
  let ids = 0;
  to.on('error', () => undefined);
  from.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    const parts = text.split('\0');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const message = JSON.parse(part) as Message;
      const asked = message.id === undefined ? undefined : waiting.get(message.id);
      if (message.id !== undefined) waiting.delete(message.id);
      if (message.error) asked?.reject(new Error(message.error.message));
      else asked?.resolve(message.result ?? {});
      for (const listener of [...listeners]) listener(message);
    }
  });
  return {
    send: (method, params = {}, sessionId) =>
      new Promise((resolve, reject) => {
        const id = ++ids;
        waiting.set(id, { resolve: resolve as (result: object) => void, reject });
        to.write(
          `${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`,
        );
      }),
    listen: (listener) => void listeners.add(listener),
  };
}

async function openPage(sendTo: Send, listen: (listener: Listener) => void): Promise<BrowserPage> {
  const { targetId } = await sendTo('Target.createTarget', { url: 'about:blank' });
  const attached = await sendTo('Target.attachToTarget', { targetId, flatten: true });
  const sessionId = String(attached['sessionId']);
  const send = (method: string, params?: object) => sendTo(method, params, sessionId);
  const complaints: string[] = [];
  const loads = new Set<() => void>();
  listen(({ sessionId: of, method, params }) => {
    if (of !== sessionId) return;
    if (method === 'Page.loadEventFired') for (const loaded of [...loads]) loaded();
    if (method === 'Runtime.exceptionThrown' || method === 'Log.entryAdded')
      complaints.push(JSON.stringify(params));
  });
  for (const domain of ['Page', 'Runtime', 'Log']) await send(`${domain}.enable`);

  async function leading(work: () => Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const loaded = new Promise<void>((resolve, reject) => {
      loads.add(resolve);
      timer = setTimeout(() => reject(new Error('no page was loaded')), LONG);
    });
    await work();
    await loaded.finally(() => clearTimeout(timer));
    loads.clear();
  }

  async function run<T>(expression: string): Promise<T> {
    const asked = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await send('Runtime.evaluate', asked);
    if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value: T }).value;
  }

  const KEYS = { Tab: 9, Enter: 13 } as const;
  const press = async (key: keyof typeof KEYS) => {
    const what = {
      key,
      code: key,
      windowsVirtualKeyCode: KEYS[key],
      ...(key === 'Enter' ? { text: '\r' } : {}),
    };
    await send('Input.dispatchKeyEvent', { type: 'keyDown', ...what });
    await send('Input.dispatchKeyEvent', { type: 'keyUp', ...what });
  };

  return {
    complaints,
    run,
    go: (url) => leading(() => send('Page.navigate', { url })),
    click: (selector) =>
      leading(async () => {
        const place = await run<{ x: number; y: number }>(
          `(() => { const one = document.querySelector(${JSON.stringify(selector)});
             one.scrollIntoView({ block: 'center' });
             const { x, y, width, height } = one.getBoundingClientRect();
             return { x: x + width / 2, y: y + height / 2 }; })()`,
        );
        for (const type of ['mousePressed', 'mouseReleased'])
          await send('Input.dispatchMouseEvent', { type, ...place, button: 'left', clickCount: 1 });
      }),
    type: async (text) => {
      await send('Input.insertText', { text });
    },
    press: (key, { leads = false } = {}) => (leads ? leading(() => press(key)) : press(key)),
    look: async ({ width, height = 800, scheme }) => {
      await send('Emulation.setDeviceMetricsOverride', {
        width,
        height,
        deviceScaleFactor: 1,
        mobile: width < 600,
      });
      await send('Emulation.setEmulatedMedia', {
        features: [{ name: 'prefers-color-scheme', value: scheme }],
      });
    },
    screenshot: async () =>
      Buffer.from(String((await send('Page.captureScreenshot', { format: 'png' }))['data']), 'base64'),
  };
}
