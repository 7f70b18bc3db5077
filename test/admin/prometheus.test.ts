/** The files for Prometheus and Grafana: each rule fires when it should, and each graph finds data. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { marked, root } from '../docs/pages.ts';
import { startApp } from '../support/app.ts';
import { LampPhone } from '../support/lamp-phone.ts';
import { needing } from '../support/needing.ts';
import { Phone } from '../support/phone.ts';
import { prometheusMissing, promtool, startPrometheus } from '../support/prometheus.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const RULES = join(root, 'deploy/prometheus/rules.yml');
const TOKEN = 'a-token-for-prometheus';
const JOB = 'job="drachtio-silo",instance="one"';

/** Series, and the alert that they set off within half an hour; the values are promtool's: `0+3x60` is 0, 3, 6 … a minute. */
const ALARMING: readonly (readonly [
  alert: string,
  ...series: (readonly [name: string, values: string])[],
])[] = [
  ['SiloDown', [`up{${JOB}}`, '0x60']],
  ['SiloNotReady', [`silo_ready{${JOB}}`, '0x60']],
  ['SiloUnsafeDatabase', [`silo_check_ok{check="durability",${JOB}}`, '0x60']],
  ['SiloQuarantine', [`silo_check_ok{check="quarantine",${JOB}}`, '0x60']],
  ['SiloRefusing', [`silo_messages_refused_total{status="503",reason="unavailable",${JOB}}`, '0+1x60']],
  ['SiloMailWaitsLong', [`silo_oldest_message_age_seconds{${JOB}}`, '172790+60x60']],
  ['SiloDeadLetters', [`silo_messages_ended_total{outcome="dead",${JOB}}`, '0+1x60']],
  [
    'SiloDevicesFail',
    [`silo_attempts_total{class="2xx",${JOB}}`, '0+5x60'],
    [`silo_attempts_total{class="silent",${JOB}}`, '0+6x60'],
  ],
  ['SiloSlowToAccept', ...slow('silo_accept_seconds')],
  ['SiloSlowLamps', ...slow('silo_lamp_seconds')],
  ['SiloSlowDatabase', ...slow('silo_store_wait_seconds')],
  ['SiloLag', [`nodejs_eventloop_lag_p99_seconds{${JOB}}`, '0.6x60']],
  ['SiloLeasesLost', [`silo_leases_lost_total{${JOB}}`, '0x20 1x10']],
  ['SiloPasswordsGuessed', [`silo_auth_results_total{result="wrong",${JOB}}`, '0+30x60']],
  ['SiloLimitsHit', [`silo_limits_refused_total{limit="sender",${JOB}}`, '0+90x60']],
];

/** A day like any other: all that the rules look at, and none of it alarming. */
const QUIET: readonly (readonly [name: string, values: string])[] = [
  [`up{${JOB}}`, '1x60'],
  [`silo_ready{${JOB}}`, '1x60'],
  [`silo_check_ok{check="durability",${JOB}}`, '1x60'],
  [`silo_check_ok{check="quarantine",${JOB}}`, '1x60'],
  [`silo_messages_refused_total{status="480",reason="full",${JOB}}`, '0+1x60'],
  [`silo_messages_refused_total{status="503",reason="unavailable",${JOB}}`, '3x60'],
  [`silo_oldest_message_age_seconds{${JOB}}`, '3600x60'],
  [`silo_messages_ended_total{outcome="dead",${JOB}}`, '0+0.1x60'],
  [`silo_messages_ended_total{outcome="delivered",${JOB}}`, '0+100x60'],
  [`silo_attempts_total{class="2xx",${JOB}}`, '0+60x60'],
  [`silo_attempts_total{class="silent",${JOB}}`, '0+6x60'],
  [`silo_accept_seconds_bucket{le="0.01",${JOB}}`, '0+60x60'],
  [`silo_accept_seconds_bucket{le="+Inf",${JOB}}`, '0+60x60'],
  [`nodejs_eventloop_lag_p99_seconds{${JOB}}`, '0.02x60'],
  [`silo_leases_lost_total{${JOB}}`, '2x60'],
  [`silo_auth_results_total{result="wrong",${JOB}}`, '0+1x60'],
  [`silo_limits_refused_total{limit="sender",${JOB}}`, '0+1x60'],
];

function slow(name: string): (readonly [string, string])[] {
  return [
    [`${name}_bucket{le="2.5",${JOB}}`, '0x60'],
    [`${name}_bucket{le="5",${JOB}}`, '0+60x60'],
    [`${name}_bucket{le="+Inf",${JOB}}`, '0+60x60'],
  ];
}

/** YAML is what JSON is, too. */
function testOf(series: readonly (readonly [string, string])[], expr: string, fires: boolean) {
  return {
    interval: '1m',
    input_series: series.map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      { expr: `count(${expr})`, eval_time: '30m', exp_samples: fires ? [{ labels: '{}', value: 1 }] : [] },
    ],
  };
}

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const dashboard = JSON.parse(readFileSync(join(root, 'deploy/grafana/drachtio-silo.json'), 'utf8')) as {
  readonly panels: readonly Panel[];
};

describe('the files for Prometheus', needing(prometheusMissing()), () => {
  test('each rule fires when it should, and none on a quiet day', async () => {
    const folder = temporaryFolder('silo-rules');
    const firing = (alert: string) => `ALERTS{alertname="${alert}",alertstate="firing"}`;
    const tests = [
      ...ALARMING.map(([alert, ...series]) => testOf(series, firing(alert), true)),
      testOf(QUIET, 'ALERTS', false),
    ];
    const file = join(folder.path, 'rules.test.yml');
    writeFileSync(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: '1m', tests }));
    const { code, said } = await promtool(['test', 'rules', file]);
    expect(said).toContain('SUCCESS');
    expect(code).toBe(0);
    folder.remove();
    const alerts = [...readFileSync(RULES, 'utf8').matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
    expect(ALARMING.map(([alert]) => alert)).toEqual(alerts);
  });

  test(
    'scrapes the application, evaluates each rule, and each graph finds data',
    { timeout: 120_000 },
    async () => {
      const app = await startApp({
        SILO_HTTP_LISTEN: '127.0.0.1:0',
        SILO_HTTP_TOKEN: TOKEN,
        SILO_LIMITS: 'false',
      });
      const line = await app.process.line('  Page, metrics and API: ');
      const [, at = ''] = /http:\/\/([\d.:]+)\//.exec(line) ?? [];
      const page = await fetch(`http://${at}/metrics`, { headers: { Authorization: `Bearer ${TOKEN}` } });
      const { code, said } = await promtool(['check', 'metrics'], await page.text());
      // What it does not like are names of Node's own metrics.
      expect(said.split('\n').filter((complaint) => complaint.startsWith('silo_'))).toEqual([]);
      expect(code).toBeLessThanOrEqual(3);

      const config = readFileSync(join(root, 'deploy/prometheus/prometheus.yml'), 'utf8')
        .replace('127.0.0.1:8060', at)
        .replaceAll('15s', '1s');
      const prometheus = await startPrometheus(config, { rules: RULES, token: TOKEN });
      const { server } = app;
      const alice = await Phone.start('alice', { server });
      const lamp = await LampPhone.start('bob', { server });
      const traffic = { busy: true };
      const talking = (async () => {
        await lamp.subscribe();
        while (traffic.busy) {
          await lamp.phone.register({ expires: 0 });
          await alice.message('bob', 'one');
          await alice.message('bob', 'not to be kept', { headers: { Expires: '0' } });
          const before = lamp.phone.messages.length;
          await lamp.phone.register({ expires: 600 });
          await lamp.phone.received(before + 1);
        }
      })();
      try {
        for (const { title, targets = [] } of dashboard.panels)
          for (const { expr } of targets) {
            const query = expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '10s');
            await until(async () => {
              const { result } = (await prometheus.ask('query', { query })) as {
                readonly result: readonly { readonly value: readonly [number, string] }[];
              };
              const values = result.map(({ value }) => Number(value[1]));
              expect(values.filter(Number.isFinite).length, `${title}: ${query}`).toBeGreaterThan(0);
            }, 40_000);
          }
        await until(async () => {
          const { groups } = (await prometheus.ask('rules')) as {
            readonly groups: readonly { readonly rules: readonly object[] }[];
          };
          const rules = groups.flatMap((group) => group.rules);
          expect(rules).toHaveLength(ALARMING.length);
          for (const rule of rules) expect(rule).toMatchObject({ health: 'ok', state: 'inactive' });
        });
      } finally {
        traffic.busy = false;
        await talking;
        alice.close();
        lamp.phone.close();
        await prometheus.stop();
        await app.process.stop();
      }
    },
  );
});

test('the graphs and the rules name no metric that there is not', () => {
  const page = readFileSync(join(root, 'docs/metrics.md'), 'utf8');
  const known = [...page.matchAll(/^\| `(silo_\w+)` \|/gm)].map(([, name = '']) => name);
  const texts = [readFileSync(RULES, 'utf8'), JSON.stringify(dashboard)];
  for (const text of texts)
    for (const [name] of text.matchAll(/\bsilo_[a-z_]+/g))
      expect(known, name).toContain(name.replace(/_(?:bucket|sum|count)$/, ''));
});

test('docs/metrics.md has each alert with what to do', () => {
  const rules = readFileSync(RULES, 'utf8').split('- alert: ').slice(1);
  const part = (rule: string, name: string) =>
    (new RegExp(`^ +${name}: '?(.*?)'?$`, 'm').exec(rule)?.[1] ?? '').replaceAll(
      /"?\{\{ \$(?:labels\.)?(\w+)[^}]*\}\}"?/g,
      (_, word: string) => ({ value: 'so much', limit: '…' })[word] ?? 'a node',
    );
  const rows = rules.map(
    (rule) =>
      `| \`${rule.split('\n', 1)[0] ?? ''}\` | ${/severity: (\w+)/.exec(rule)?.[1] ?? ''} | ${part(rule, 'summary')} | ${part(rule, 'do')} |\n`,
  );
  const table = `\n| alert | for | says | do |\n| --- | --- | --- | --- |\n${rows.join('')}\n`;
  expect(marked('docs/metrics.md', 'alerts', table)).toBe(table);
});
