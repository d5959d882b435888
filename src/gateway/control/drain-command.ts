import { setTimeout as sleep } from 'node:timers/promises';
import { plainUrl } from '../../core/plain-url.ts';
import { isObject, type Json } from '../../core/json.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import type { ControlCommand } from './control-flags.ts';
import type { ControlResult } from './control-result.ts';
import { askInstance } from './control-request.ts';
import type { InstanceStatus } from './instance-status.ts';
import { neighboursIn } from './neighbours.ts';

const ANSWER_MS = 5000;
const PAUSE_MS = 250;

/** The backends of the instance that serves, with what runs there for the ones that drain. */
export async function listBackends(folder: string): Promise<ControlResult> {
  const found = await backendsIn(folder);
  return found.ok
    ? { ok: true, document: { backends: found.value }, problems: [] }
    : { ok: false, document: { problem: found.problems[0] }, problems: found.problems };
}

/**
 * Drains a backend or takes it back, in every instance: a standby may serve next, and an old instance that drains still has requests that wait.
 * With `wait` it returns when nothing runs there.
 */
export async function drainBackend({
  verb,
  folder,
  url,
  wait,
  timeoutMs = Infinity,
}: Extract<ControlCommand, { verb: 'drain' | 'undrain' }>): Promise<ControlResult> {
  const serving = await servingIn(folder);
  if (!serving.ok) return failed(serving.problems);
  const body = { url, drained: verb === 'drain', since: new Date().toISOString() };
  const problems: Problem[] = [];
  // One after the other: they write the same file.
  for (const { instance } of serving.value.instances) {
    const answer = await askInstance(
      { id: instance, folder },
      { method: 'POST', path: '/drain', body, timeoutMs: ANSWER_MS },
    );
    if (answer.ok) continue;
    if (instance === serving.value.serving) return failed(answer.problems);
    // An old instance may lack the backend, or end meanwhile.
    if (answer.problems[0].code !== 'backend.unknown') problems.push(...answer.problems);
  }
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const found = await statusOf(folder, url);
    if (!found.ok) return failed(found.problems);
    const document = { backend: found.value, problems };
    if (!wait || found.value['idle'] === true) return { ok: problems.length === 0, document, problems };
    if (performance.now() >= endMs)
      return { ok: false, document, problems: [...problems, stillBusy(found.value, timeoutMs)] };
    await sleep(PAUSE_MS);
  }
}

function failed(problems: readonly [Problem, ...Problem[]]): ControlResult {
  return { ok: false, document: { problem: problems[0] }, problems };
}

interface Serving {
  /** The instance that serves, else one that stands by. */
  readonly serving: string;
  readonly instances: readonly InstanceStatus[];
}

async function servingIn(folder: string): Promise<Result<Serving>> {
  const { instances, problems } = await neighboursIn(folder);
  const [problem, ...more] = problems;
  if (problem !== undefined) return fail(problem, ...more);
  const serving =
    instances.find(({ state }) => state === 'serving') ?? instances.find(({ state }) => state === 'standby');
  if (serving !== undefined)
    return ok({ serving: serving.instance, instances: instances.filter(({ state }) => state !== 'silent') });
  return fail({
    code: 'instance.none',
    summary: 'no gateway with a control socket runs',
    detail: `Expected an instance that serves, with a socket in ${folder}, found ${instances.length === 0 ? 'none' : instances.map(({ instance, state }) => `${instance} (${state})`).join(', ')}.`,
    fix: 'systemctl status litellm # a gateway of an older deployment has no control socket: deploy again',
  });
}

async function backendsIn(folder: string): Promise<Result<readonly Json[]>> {
  const found = await servingIn(folder);
  if (!found.ok) return found;
  const { serving, instances } = found.value;
  let own: readonly Json[] = [];
  const others: Json[] = [];
  for (const { instance } of instances) {
    const answer = await askInstance(
      { id: instance, folder },
      { method: 'GET', path: '/backends', timeoutMs: ANSWER_MS },
    );
    const list = answer.ok && Array.isArray(answer.value['backends']) ? answer.value['backends'].filter(isObject) : [];
    if (instance !== serving) others.push(...list);
    else if (answer.ok) own = list;
    else return answer;
  }
  return ok(
    own.map((backend) =>
      withOthers(
        backend,
        others.filter(({ url }) => url === backend['url']),
      ),
    ),
  );
}

/** A backend with what runs there for other instances. */
function withOthers(backend: Json, others: readonly Json[]): Json {
  const all = [backend, ...others];
  const loading = all.map((one) => one['loading']).find((model) => model !== undefined);
  return {
    ...backend,
    in_flight: all.reduce((sum, one) => sum + Number(one['in_flight']), 0),
    ...(loading === undefined ? {} : { loading }),
    idle: all.every(({ idle }) => idle === true),
  };
}

async function statusOf(folder: string, url: string): Promise<Result<Json>> {
  const backends = await backendsIn(folder);
  if (!backends.ok) return backends;
  const found = backends.value.find((backend) => plainUrl(String(backend['url'])) === plainUrl(url));
  // A backend that the configuration no longer has is gone with the drain.
  return ok(found ?? { url, drained: false, in_flight: 0, idle: true });
}

function stillBusy({ url, in_flight: inFlight, loading }: Json, timeoutMs: number): Problem {
  const load = typeof loading === 'string' ? ` and loads ${loading}` : '';
  return {
    code: 'backend.busy',
    summary: `${String(url)} is not idle yet`,
    detail: `Expected nothing to run there within ${String(timeoutMs / 1000)} s, found that it works on ${String(inFlight)} requests${load}. It stays drained.`,
    fix: 'hxllm backend list  # shows what runs there',
  };
}
