/**
 * Requests that a host app has given to `srf.proxyRequest`. From then on they are drachtio-server's: it sends whatever final
 * answer comes to the sender at once, and there is no way to hold a failure back.
 */
import type { SipRequest } from './messages.ts';

const proxied = new WeakSet<object>();

/** Notes it when this request is proxied. */
export function watchProxying(req: SipRequest): void {
  const { proxy } = req as { proxy?: unknown };
  if (typeof proxy !== 'function') return;
  Object.assign(req, {
    proxy: (...args: unknown[]): unknown => {
      proxied.add(req);
      return Reflect.apply(proxy, req, args);
    },
  });
}

export function wasProxied(req: SipRequest): boolean {
  return proxied.has(req);
}
