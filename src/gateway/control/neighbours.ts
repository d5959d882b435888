import { readdir, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../../core/error.ts';
import type { Problem } from '../../core/problem.ts';
import { askInstance, NOT_RUNNING, SILENT } from './control-request.ts';
import { idOfSocket, socketOf, type InstancePlace } from './instance-id.ts';
import { byAge, readStatus, silentStatus, type InstanceStatus } from './instance-status.ts';

/** Time for the status of an instance, ms. */
const STATUS_MS = 2000;

/** The instances of a folder, the eldest first, and the problems with sockets that could not be asked. */
export interface Neighbours {
  readonly instances: readonly InstanceStatus[];
  readonly problems: readonly Problem[];
}

/** Asks all instances of a folder for their status, except `self`; sockets of instances that are dead are removed. */
export async function neighboursIn(folder: string, self?: string, timeoutMs = STATUS_MS): Promise<Neighbours> {
  const ids = (await namesIn(folder)).flatMap((name) => idOfSocket(name) ?? []).filter((id) => id !== self);
  const found = await Promise.all(ids.map((id) => look({ id, folder }, timeoutMs)));
  return {
    instances: found.flatMap((one) => (one === undefined || 'code' in one ? [] : [one])).toSorted(byAge),
    problems: found.flatMap((one) => (one !== undefined && 'code' in one ? [one] : [])),
  };
}

/** The instance that serves beside this one, if there is one. Of two that start at the same time the elder one serves. */
export async function servingBeside(
  { id, folder }: InstancePlace,
  self: InstanceStatus,
  limitMs: number,
): Promise<string | undefined> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const { instances } = await neighboursIn(folder, id);
    const serving = instances.find(({ state }) => state === 'serving');
    if (serving !== undefined) return serving.instance;
    const elder = instances.find((one) => one.state === 'starting' && byAge(one, self) < 0);
    if (elder === undefined || performance.now() > endMs) return undefined;
    await sleep(50);
  }
}

async function look(place: InstancePlace, timeoutMs: number): Promise<InstanceStatus | Problem | undefined> {
  const answer = await askInstance(place, { method: 'GET', path: '/status', timeoutMs });
  if (answer.ok) return readStatus(answer.value) ?? silentStatus(place.id);
  const [problem] = answer.problems;
  if (problem.code === SILENT) return silentStatus(place.id);
  if (problem.code !== NOT_RUNNING) return problem;
  await rm(socketOf(place), { force: true });
  return undefined;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
