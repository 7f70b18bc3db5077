/** Spans where the host traces, and nothing where it does not. */
import { trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterEach, expect, test } from 'vitest';
import { SiloError } from '../../lib/base/errors.ts';
import { span } from '../../lib/base/span.ts';

afterEach(() => trace.disable());

function tracing(): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
  return exporter;
}

const NOTHING = { kind: 'CLIENT', about: () => ({}), came: () => ({}) } as const;

test('where nobody traces the work is done, and nobody is asked what it is about', async () => {
  const asked = () => expect.unreachable();
  expect(await span('accept', { kind: 'SERVER', about: asked, came: asked }, () => Promise.resolve(7))).toBe(
    7,
  );
});

test('a provider that comes later is found, and one that has gone is told nothing', async () => {
  await span('accept', NOTHING, () => Promise.resolve());
  const exporter = tracing();
  await span('attempt', NOTHING, () => Promise.resolve());
  trace.disable();
  await span('notify', NOTHING, () => Promise.resolve());
  expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['attempt']);
});

test('attributes are short, what is not known is none, and what came of it stands beside', async () => {
  const exporter = tracing();
  const about = () => ({ 'sip.call_id': 'x'.repeat(5_000), 'silo.end': undefined });
  await span('notify', { kind: 'CLIENT', about, came: (status: number) => ({ 'sip.status': status }) }, () =>
    Promise.resolve(200),
  );
  expect(exporter.getFinishedSpans()[0]?.attributes).toEqual({
    'sip.call_id': 'x'.repeat(128),
    'sip.status': 200,
  });
});

test('a failure goes on to whoever asked; the span has its code, and not its sentence', async () => {
  const exporter = tracing();
  const fault = new SiloError('SILO_REFUSED', 'The box of bob@example.org is full.', { status: 480 });
  await expect(span('accept', NOTHING, () => Promise.reject(fault))).rejects.toBe(fault);
  const [found] = exporter.getFinishedSpans();
  expect(found?.attributes).toEqual({ 'error.type': 'SILO_REFUSED' });
  expect(found?.status).toEqual({ code: 2 });
  expect(found?.events).toEqual([]);
});
