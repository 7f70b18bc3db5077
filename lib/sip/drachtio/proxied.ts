/**
 * Requests that a host app has given to `srf.proxyRequest`. From then on they are drachtio-server's: it sends whatever final
 * answer comes to the sender at once, and there is no way to hold a failure back.
 */
import type { SipRequest } from './messages.ts';

const proxied = new WeakSet<object>();

type Proxy = (this: object, ...args: unknown[]) => unknown;

/** One for each way to proxy: nearly all requests have drachtio-srf's. */
const noting = new WeakMap<Proxy, Proxy>();

/** Notes it when this request is proxied. */
export function watchProxying(req: SipRequest): void {
  const { proxy } = req as { proxy?: unknown };
  if (typeof proxy === 'function') Object.assign(req, { proxy: notingOf(proxy as Proxy) });
}

function notingOf(proxy: Proxy): Proxy {
  const known = noting.get(proxy);
  if (known) return known;
  const noted: Proxy = function (...args) {
    proxied.add(this);
    return Reflect.apply(proxy, this, args);
  };
  noting.set(proxy, noted);
  return noted;
}

export function wasProxied(req: SipRequest): boolean {
  return proxied.has(req);
}
