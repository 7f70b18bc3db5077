/**
 * Spans of OpenTelemetry around what takes time, where the host traces: it has `@opentelemetry/api` and has given that a provider. Else the work is done, and nothing
 * more. No attribute has a body or an address in it, and each is short.
 */
import { createRequire } from 'node:module';
import type * as Api from '@opentelemetry/api';
import { SiloError } from './errors.ts';
import { logger } from './log.ts';
import { packageVersion } from './package.ts';

const log = logger('trace');
const SCOPE = 'drachtio-silo';
/** Characters of an attribute: a stranger has chosen the Call-ID. */
const LONGEST = 128;

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** What is known of the work before it begins, and of its result; asked only where somebody traces. */
export interface Traced<T> {
  /** It was asked for from outside, or is what we ask of others. */
  readonly kind: 'SERVER' | 'CLIENT';
  readonly about: () => Attributes;
  readonly came: (result: T) => Attributes;
}

/** A host that traces. */
interface Tracing {
  readonly api: typeof Api;
  readonly tracer: Api.Tracer;
}

/** Undefined: nobody traces. */
let find: (() => Tracing | undefined) | undefined;

export function span<T>(name: string, traced: Traced<T>, work: () => Promise<T>): Promise<T> {
  find ??= finder();
  const tracing = find();
  return tracing ? within(tracing, name, traced, work) : work();
}

/** Once: whether the package is there does not change. Whether there is a provider does. */
function finder(): () => Tracing | undefined {
  let api: typeof Api;
  try {
    api = createRequire(import.meta.url)('@opentelemetry/api') as typeof Api;
  } catch {
    return () => undefined;
  }
  const version = packageVersion();
  return () => {
    const provider = api.trace.getTracerProvider();
    const tracer = standsIn(provider)
      ? provider.getDelegateTracer(SCOPE, version)
      : provider.getTracer(SCOPE, version);
    return tracer && { api, tracer };
  };
}

/** What there is until a provider is given: it knows whether there is one behind it. */
interface StandIn {
  getDelegateTracer(name: string, version: string): Api.Tracer | undefined;
}

function standsIn(provider: object): provider is StandIn {
  return 'getDelegateTracer' in provider && typeof provider.getDelegateTracer === 'function';
}

function within<T>(
  { api, tracer }: Tracing,
  name: string,
  { kind, about, came }: Traced<T>,
  work: () => Promise<T>,
): Promise<T> {
  return tracer.startActiveSpan(
    name,
    { kind: api.SpanKind[kind], attributes: short(about()) },
    async (open: Api.Span) => {
      try {
        const result = await work();
        harmless(() => open.setAttributes(short(came(result))));
        return result;
      } catch (error) {
        // Its sentence may have an address in it.
        const type =
          error instanceof SiloError ? error.code : error instanceof Error ? error.name : 'unknown';
        harmless(() => open.setAttribute('error.type', type).setStatus({ code: api.SpanStatusCode.ERROR }));
        throw error;
      } finally {
        harmless(() => open.end());
      }
    },
  );
}

/** A tracer of the host that fails must not undo what was done. */
function harmless(told: () => unknown): void {
  try {
    told();
  } catch (error) {
    log.warn(`a span could not be told: ${String(error)}`);
  }
}

function short(attributes: Attributes): Record<string, string | number | boolean> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'string' ? value.slice(0, LONGEST) : value]],
    ),
  );
}
