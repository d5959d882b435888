import { readdir, rm } from 'node:fs/promises';
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
export async function neighboursIn(folder: string, self?: string): Promise<Neighbours> {
  const ids = (await namesIn(folder)).flatMap((name) => idOfSocket(name) ?? []).filter((id) => id !== self);
  const found = await Promise.all(ids.map((id) => look({ id, folder })));
  return {
    instances: found.flatMap((one) => (one === undefined || 'code' in one ? [] : [one])).toSorted(byAge),
    problems: found.flatMap((one) => (one !== undefined && 'code' in one ? [one] : [])),
  };
}

async function look(place: InstancePlace): Promise<InstanceStatus | Problem | undefined> {
  const answer = await askInstance(place, { method: 'GET', path: '/status', timeoutMs: STATUS_MS });
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
