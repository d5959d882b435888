import { MODEL_OFFLINE } from '../../core/without-internet.ts';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NewModel } from '../../config/edit/variable-text.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { modelsOf } from '../../phases/inventory/alias.ts';
import { askBackend } from '../actions/backend-models.ts';
import { PACKAGE_ROOT } from '../shipping/package-root.ts';
import { freePort, isFree } from './port.ts';
import { simPaths, type DemoPaths } from './paths.ts';
import { isRunning } from './process-table.ts';
import { readPidFile, writePidFile } from './pid-file.ts';

const SIMS = 2;
const START_MS = 20_000;
const POLL_MS = 50;

/** Words in the command line of a simulated backend of the demo. */
export const SIM_WORDS = ['hxllm.js', 'sim', '--port'] as const;

/** Starts the simulated backends, detached, each with a pid file, and waits until they answer. Problem: `demo.sim`. */
export async function startSims(paths: DemoPaths, signal: AbortSignal): Promise<Result<readonly string[]>> {
  mkdirSync(paths.folder, { recursive: true });
  const kept = await keptPorts(paths);
  const ports: number[] = [];
  for (let number = 1; number <= SIMS; number += 1) {
    const before = kept[number - 1];
    const port = before !== undefined && !ports.includes(before) && (await isFree(before)) ? before : await freePort();
    ports.push(port);
    startSim(paths, number, port);
  }
  const urls = ports.map((port) => `http://127.0.0.1:${String(port)}`);
  await writeFile(paths.simAddresses, `${JSON.stringify(urls)}\n`);
  const answers = await Promise.all(urls.map((url, index) => waitFor(paths, index + 1, url, signal)));
  const problem = answers.find((answer) => answer !== undefined);
  return problem === undefined ? ok(urls) : fail(problem);
}

/** Asks the backends for their models and makes an alias of each. Problems: those of the backends, `backend.no-models`. */
export async function askModels(urls: readonly string[], signal: AbortSignal): Promise<Result<readonly NewModel[]>> {
  const answers = await Promise.all(urls.map((url) => askBackend(url, signal)));
  const [first, ...rest] = answers.flatMap((answer) => (answer.ok ? [] : answer.problems));
  if (first !== undefined) return fail(first, ...rest);
  const names = answers.map((answer) => (answer.ok ? answer.value : []));
  const served = [...new Set(names.flat())].map((model) => ({
    model,
    backends: urls.filter((_, index) => names[index]?.includes(model) === true),
  }));
  const models = modelsOf(served, urls);
  if (models.some(({ mode }) => mode === 'chat')) return ok(models);
  const seen = models.length === 0 ? 'no model at all' : `only ${served.map(({ model }) => model).join(', ')}`;
  return fail({
    code: 'backend.no-models',
    summary: 'the backends have no chat model',
    detail: `Expected a chat model on ${urls.join(' or ')}, found ${seen}.`,
    fix: `ollama pull llama3.2:1b  # on the backend; ${MODEL_OFFLINE}`,
  });
}

function startSim(paths: DemoPaths, number: number, port: number): void {
  const { pid, log } = simPaths(paths, number);
  const output = openSync(log, 'w');
  try {
    const argv = [join(PACKAGE_ROOT, 'bin/hxllm.js'), 'sim', '--host', '127.0.0.1', '--port', String(port)];
    const child = spawn(process.execPath, argv, {
      cwd: paths.folder,
      detached: true,
      stdio: ['ignore', output, output],
    });
    child.unref();
    if (child.pid !== undefined) writePidFile(pid, child.pid);
  } finally {
    closeSync(output);
  }
}

async function waitFor(
  paths: DemoPaths,
  number: number,
  url: string,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  const { pid, log } = simPaths(paths, number);
  const untilMs = Date.now() + START_MS;
  let identity = readPidFile(pid, []);
  while (!signal.aborted && Date.now() < untilMs && identity !== undefined && isRunning(identity)) {
    if ((await askBackend(url, signal)).ok) return undefined;
    await sleep(POLL_MS);
    identity = readPidFile(pid, []);
  }
  return {
    code: 'demo.sim',
    summary: `the simulated backend on ${url} did not start`,
    detail: signal.aborted
      ? 'The start was interrupted.'
      : `Expected an answer within ${String(START_MS / 1000)} s, found none. The end of its log: ${logEnd(log)}`,
    fix: `cat ${log}`,
    where: { file: log },
  };
}

async function keptPorts(paths: DemoPaths): Promise<readonly number[]> {
  try {
    const urls: unknown = JSON.parse(await readFile(paths.simAddresses, 'utf8'));
    return Array.isArray(urls)
      ? urls.map((url) => Number(URL.parse(String(url))?.port)).filter((port) => port > 0)
      : [];
  } catch {
    return [];
  }
}

function logEnd(log: string): string {
  try {
    const text = readFileSync(log, 'utf8').trim().split('\n').slice(-3).join(' ');
    return text === '' ? 'empty.' : text;
  } catch {
    return 'empty.';
  }
}
