import { pathsOf, type HostConfig } from '../../../config/config.ts';
import type { Host } from '../../../core/host.ts';
import { randomId } from '../../../core/id.ts';
import { fail, ok, type Result } from '../../../core/problem.ts';
import { ask } from '../../../facts/ask.ts';
import { folderNamesQuestion } from '../../../facts/folder-names.ts';
import { deploymentsQuestion } from '../../../facts/installation/deployments.ts';
import type { Question } from '../../../facts/question.ts';
import { runningDeployment } from '../../../plan/deployment.ts';
import { driftOf, type Drift } from '../../../plan/drift.ts';
import { foldersOfOurs } from '../../../plan/foreign-drift.ts';
import { inspectHost, uninspected } from './inspect.ts';

/** The running deployment of a host, and the things that are no longer as it was applied. */
export interface HostDrift {
  readonly deployment: number;
  readonly drift: readonly Drift[];
}

const TIMEOUT_MS = 60_000;

/** Compares a host with the record of its running deployment; the operator's files name only the host and the folders. */
export async function findDrift(host: Host, config: HostConfig, signal: AbortSignal): Promise<Result<HostDrift>> {
  const learn = async <T>(question: Question<T>): Promise<Result<T>> => {
    const asked = await ask(host, { question }, randomId(), { signal, timeoutMs: TIMEOUT_MS, become: config.become });
    if (!asked.ok) return asked;
    const { question: fact } = asked.value;
    return fact.known ? ok(fact.value) : fail(uninspected(host.name, fact));
  };
  const kept = await learn(deploymentsQuestion(pathsOf(config.settings).installDir));
  if (!kept.ok) return kept;
  const running = runningDeployment(kept.value);
  const { record } = kept.value.deployments.find(({ number }) => number === running) ?? {};
  if (record === undefined)
    return fail({
      code: 'drift.no-record',
      summary: 'the host has no record to compare with',
      detail: `Expected the record of the running deployment, found ${running === undefined ? 'no deployment that was confirmed' : `none of deployment ${String(running)}`}.`,
      fix: `hxllm enforce --limit ${host.name}  # the next change makes one`,
      where: { host: host.name },
    });
  const authorities = record.files.some(({ name }) => name === 'ca.pem')
    ? { file: 'ca.pem', path: '', certificates: [] }
    : undefined;
  const settings = { ...config.settings, ...record.settings, authorities };
  const paths = pathsOf(settings);
  const recorder = { event: () => undefined, file: () => undefined };
  const state = await inspectHost(host, { ...config, settings }, { signal, recorder }, true);
  if (!state.ok) return state;
  const names = await learn(folderNamesQuestion(foldersOfOurs(record, paths)));
  if (!names.ok) return names;
  const { installation, dropIns } = state.value;
  return ok({
    deployment: record.number,
    drift: driftOf(record, { settings, paths }, { installation, names: names.value, hasDropIns: dropIns.length > 0 }),
  });
}
