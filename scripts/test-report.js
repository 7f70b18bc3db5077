import { renameSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';

/**
 * A vitest reporter that writes what became of every test into the file named by TEST_REPORT, for scripts/test.js.
 * After each test file, not only at the end: what was known when a run is cut short is then still known.
 */
export default class TestReport {
  #ended = [];
  #running = new Set();

  onTestModuleStart(module) {
    this.#running.add(module);
    this.#soFar();
  }

  onTestModuleEnd(module) {
    this.#running.delete(module);
    this.#ended.push(module);
    this.#soFar();
  }

  #soFar() {
    const unfinished = [...this.#running].map((module) => `${nameOf(module)} (did not end)`);
    const { failed, ...rest } = report(this.#ended, []);
    write({ ...rest, failed: [...failed, ...unfinished] });
  }

  onTestRunEnd(modules, unhandledErrors) {
    write({ ...report(modules, unhandledErrors), finished: true });
  }
}

function report(modules, unhandledErrors) {
  const result = { passed: 0, failed: [], skipped: [], retried: [], finished: false };
  for (const module of modules) readModule(module, result);
  for (const error of unhandledErrors) result.failed.push(`outside of any test: ${error.message ?? error}`);
  return result;
}

function nameOf(module) {
  return relative(process.cwd(), module.moduleId);
}

function readModule(module, result) {
  const file = nameOf(module);
  const failedBefore = result.failed.length;
  for (const test of module.children.allTests()) {
    const name = `${file} > ${test.fullName}`;
    const { state, note, errors } = test.result();
    if (state === 'passed') {
      result.passed += 1;
      const tries = 1 + (test.diagnostic()?.retryCount ?? 0);
      if (tries > 1) result.retried.push({ name, tries, why: errors?.map(inOneLine) ?? [] });
    } else if (state === 'skipped' && !unprepared(test)) {
      result.skipped.push({ name, reason: test.meta().missing ?? note ?? 'no reason given' });
    } else result.failed.push(state === 'failed' ? name : `${name} (did not run)`);
  }
  // A file that can't be loaded has no tests, and one whose clean-up fails may have none that failed.
  const broken = [module, ...module.children.allSuites()].some((part) => part.errors().length > 0);
  if (broken && result.failed.length === failedBefore) result.failed.push(`${file} (outside of its tests)`);
}

/** What was wrong at a try that failed, and where. */
function inOneLine({ name = 'Error', message, stacks = [] }) {
  const [place] = stacks;
  const where = place ? ` (${relative(process.cwd(), place.file)}:${place.line})` : '';
  return `${name}: ${String(message).split('\n')[0]}${where}`;
}

/** vitest calls a test skipped, too, when it could not run because a `beforeAll` above it failed. */
function unprepared(test) {
  for (let part = test.parent; part !== undefined; part = part.parent) {
    if (part.errors().length > 0) return true;
    if (part.type === 'module') return false;
  }
  return false;
}

/** In one step, so that a run that is killed while writing leaves the report before. */
function write(content) {
  const file = process.env.TEST_REPORT;
  if (file === undefined) return;
  writeFileSync(`${file}.new`, JSON.stringify(content));
  renameSync(`${file}.new`, file);
}
