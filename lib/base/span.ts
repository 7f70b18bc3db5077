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
  readonly kind: 'server' | 'client';
  readonly about: () => Attributes;
  readonly came: (result: T) => Attributes;
}

type Tracer = Api.Tracer;

/** Undefined: nobody traces. */
let tracerOf: (() => Tracer | undefined) | undefined;

export function span<T>(name: string, traced: Traced<T>, work: () => Promise<T>): Promise<T> {
  tracerOf ??= finder();
  const tracer = tracerOf();
  return tracer ? within(tracer, name, traced, work) : work();
}

/** Once: whether the package is there does not change. Whether there is a provider does. */
function finder(): () => Tracer | undefined {
  let api: typeof Api;
  try {
    api = createRequire(import.meta.url)('@opentelemetry/api') as typeof Api;
  } catch {
    return () => undefined;
  }
  const version = packageVersion();
  return () => {
    const provider = api.trace.getTracerProvider();
    return provider instanceof api.ProxyTracerProvider
      ? provider.getDelegateTracer(SCOPE, version)
      : provider.getTracer(SCOPE, version);
  };
}

/** SpanKind and SpanStatusCode of the API, which is not there to be imported. */
const KINDS = { server: 1, client: 2 } as const;
const ERROR = 2;

function within<T>(
  tracer: Tracer,
  name: string,
  { kind, about, came }: Traced<T>,
  work: () => Promise<T>,
): Promise<T> {
  return tracer.startActiveSpan(
    name,
    { kind: KINDS[kind], attributes: short(about()) },
    async (open: Api.Span) => {
      try {
        const result = await work();
        harmless(() => open.setAttributes(short(came(result))));
        return result;
      } catch (error) {
        // Its sentence may have an address in it.
        const type =
          error instanceof SiloError ? error.code : error instanceof Error ? error.name : 'unknown';
        harmless(() => open.setAttribute('error.type', type).setStatus({ code: ERROR }));
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
