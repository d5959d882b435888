import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../../core/json.ts';
import type { Result } from '../../core/problem.ts';
import type { ControlCommand } from './control-flags.ts';
import { drainBackend, listBackends } from './drain-command.ts';
import { askInstance, NOT_RUNNING } from './control-request.ts';
import type { ControlResult } from './control-result.ts';
import { neighboursIn } from './neighbours.ts';

/** Longer than an instance takes for the command itself, ms. */
const MARGIN_MS = 20_000;
const PAUSE_MS = 100;
/** Longer than idle connections stay open (`http/connections.ts`), ms; those of clients that have asked nothing yet stay longer. */
const IDLE_MS = 3000;

/** Carries out a command to running instances. */
export async function runControl(command: ControlCommand): Promise<ControlResult> {
  switch (command.verb) {
    case 'status': {
      const { instances, problems } = await neighboursIn(command.folder);
      return { ok: problems.length === 0, document: { instances, problems }, problems };
    }
    case 'backends':
      return listBackends(command.folder);
    case 'drain':
    case 'undrain':
      return drainBackend(command);
    case 'gate':
      return gate(command);
    case 'take-over': {
      const answer = await askInstance(
        { id: command.instance, folder: command.folder },
        { method: 'POST', path: '/take-over', timeoutMs: MARGIN_MS },
      );
      if (answer.ok) await idleEnded(command.folder, command.instance);
      return resultOf(answer, () => true);
    }
  }
}

// A client that keeps its connection open asks the older instance once more, which has the former configuration and keys. After this command
// everybody meets the new ones.
async function idleEnded(folder: string, instance: string): Promise<void> {
  const endMs = performance.now() + IDLE_MS;
  while (performance.now() < endMs) {
    const { instances } = await neighboursIn(folder, instance);
    const idle = instances.filter((one) => one.state === 'draining' && one.connections > one.open_requests);
    if (idle.length === 0) return;
    await sleep(PAUSE_MS);
  }
}

// An instance that has just been started has no socket yet.
async function gate({
  instance,
  folder,
  timeoutMs,
  model,
}: Extract<ControlCommand, { verb: 'gate' }>): Promise<ControlResult> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const leftMs = Math.max(0, endMs - performance.now());
    const body = { timeoutMs: leftMs, ...(model === undefined ? {} : { model }) };
    const request = { method: 'POST', path: '/gate', body, timeoutMs: leftMs + MARGIN_MS } as const;
    const answer = await askInstance({ id: instance, folder }, request);
    if (answer.ok || answer.problems[0].code !== NOT_RUNNING) return resultOf(answer, ({ ready }) => ready === true);
    if (leftMs === 0) {
      const [{ detail }] = answer.problems;
      const document = { ready: false, checks: [{ id: 'started', ok: false, detail }] };
      return { ok: false, document, problems: answer.problems };
    }
    await sleep(PAUSE_MS);
  }
}

function resultOf(answer: Result<Json>, isGood: (document: Json) => boolean): ControlResult {
  if (answer.ok) return { ok: isGood(answer.value), document: answer.value, problems: [] };
  return { ok: false, document: { problem: answer.problems[0] }, problems: answer.problems };
}
