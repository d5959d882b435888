import { pathsOf, type HostConfig, type Settings } from '../../../config/config.ts';
import type { DeploymentRecord } from '../../../core/deployment-record.ts';
import { sha256 } from '../../../core/hash.ts';
import type { Host } from '../../../core/host.ts';
import { randomId } from '../../../core/id.ts';
import type { PhaseTools } from '../../../core/phase.ts';
import { fail, ok, type Problem, type Result } from '../../../core/problem.ts';
import { ask } from '../../../facts/ask.ts';
import { deploymentFilesQuestion, deploymentsQuestion } from '../../../facts/installation/deployments.ts';
import { hostRecordQuestion, lastRunQuestion } from '../../../facts/host-record.ts';
import type { Question } from '../../../facts/question.ts';
import type { DesiredFile } from '../../../render/content.ts';
import { renderHostFiles } from '../../../render/host-files.ts';
import { uninspected } from '../host/inspect.ts';
import { finishedRollback, rollbackSource, type RollbackRequest, type RollbackSource } from './target.ts';

/** The state of an earlier deployment. */
export interface FormerState extends RollbackSource {
  /** The settings of the host with those that the files were rendered with. */
  readonly settings: Settings;
  readonly files: DeploymentRecord;
  readonly desired: readonly DesiredFile[];
}

const TLS_KEY = 'tls-key.pem';
// A certificate of then does not fit the key of now.
const KEPT = new Set(['tls-cert.pem', TLS_KEY]);

const TIMEOUT_MS = 60_000;

/**
 * Reads the files of the deployment to go back to. The environment file is not among them, nor are certificate and private key: those on the
 * host stay.
 */
export async function readFormer(
  host: Host,
  config: HostConfig,
  request: RollbackRequest,
  tools: Pick<PhaseTools, 'signal' | 'recorder' | 'cutOff'>,
): Promise<Result<FormerState>> {
  const { deployments: folder, installDir } = pathsOf(config.settings);
  const { cutOff = [], signal } = tools;
  const questions = {
    kept: deploymentsQuestion(installDir),
    recorded: hostRecordQuestion(installDir, cutOff),
    last: lastRunQuestion(installDir),
  };
  const asked = await ask(host, questions, randomId(), { signal, timeoutMs: TIMEOUT_MS, become: config.become });
  if (!asked.ok) return asked;
  const { kept, recorded, last } = asked.value;
  if (!kept.known) return fail(uninspected(host.name, kept));
  const finished =
    recorded.known && last.known ? finishedRollback(kept.value, request, recorded.value, last.value) : undefined;
  if (finished !== undefined) tools.recorder.event({ kind: 'note', host: host.name, text: finishedText(finished) });
  const source =
    finished === undefined
      ? rollbackSource(host.name, kept.value, request)
      : rollbackSource(host.name, kept.value, { to: finished.number, codeOnly: false });
  if (!source.ok) return source;
  const { files } = source.value;
  const texts = await learn(host, config, deploymentFilesQuestion(`${folder}/${String(files.number)}`), tools);
  if (!texts.ok) return texts;
  const settings = settingsOf(config.settings, files);
  if (files.settings.serviceManager !== config.settings.serviceManager)
    return fail(otherManager(host.name, files, config.settings));
  const desired = desiredFiles(host.name, settings, files, texts.value);
  return desired.ok ? ok({ ...source.value, settings, desired: desired.value }) : desired;
}

async function learn<T>(
  host: Host,
  { become }: HostConfig,
  question: Question<T>,
  { signal }: Pick<PhaseTools, 'signal'>,
): Promise<Result<T>> {
  const asked = await ask(host, { question }, randomId(), { signal, timeoutMs: TIMEOUT_MS, become });
  if (!asked.ok) return asked;
  const { question: fact } = asked.value;
  return fact.known ? ok(fact.value) : fail(uninspected(host.name, fact));
}

function finishedText({ number, rollback }: DeploymentRecord): string {
  const of = String(rollback?.of);
  return `deployment ${String(number)} went back to deployment ${of} already, in the rollback that was cut off. It stays; hxllm rollback N goes to another one (hxllm releases)`;
}

// The units of the one manager would stay beside the process of the other.
function otherManager(host: string, { number, settings }: DeploymentRecord, { serviceManager }: Settings): Problem {
  return {
    code: 'rollback.other-manager',
    summary: `deployment ${String(number)} was managed in another way`,
    detail: `Expected litellm_service_manager ${serviceManager}, found ${settings.serviceManager}.`,
    fix: `hxllm releases --limit ${host}  # and go back to another one`,
    where: { host },
  };
}

function settingsOf(settings: Settings, { settings: recorded, files }: DeploymentRecord): Settings {
  const hasAuthorities = files.some(({ name }) => name === 'ca.pem');
  const authorities = settings.authorities ?? { file: 'ca.pem', path: '', certificates: [] };
  // Files on the host are named in the recorded config.yaml alone.
  const sent = { from: 'sent', certificates: [], text: '', key: undefined } as const;
  return {
    ...settings,
    ...recorded,
    authorities: hasAuthorities ? authorities : undefined,
    tls: files.some(({ name }) => name === TLS_KEY) ? sent : undefined,
  };
}

function desiredFiles(
  host: string,
  settings: Settings,
  record: DeploymentRecord,
  texts: ReadonlyMap<string, string>,
): Result<readonly DesiredFile[]> {
  const { envFile } = pathsOf(settings);
  // Only for the names and places: a record that names others was made by an hxllm that deploys in another way.
  const rendered = renderHostFiles(settings, { why: '' });
  if (!rendered.ok) return rendered;
  const placed = (files: readonly { readonly name: string; readonly path: string }[]): string =>
    files.map(({ name, path }) => `${name} at ${path}`).join(', ');
  if (placed(rendered.value) !== placed(record.files))
    return fail({
      code: 'rollback.other-files',
      summary: `deployment ${String(record.number)} has other files than this hxllm deploys`,
      detail: `Expected ${placed(rendered.value)}, found ${placed(record.files)}.`,
      fix: `install hxllm ${record.release.version} here, then: hxllm enforce --allow-downgrade`,
      where: { host },
    });
  const problems: Problem[] = [];
  const desired = record.files.map(({ name, path, owner, group, mode, sha256: hash }): DesiredFile => {
    if (path === envFile || KEPT.has(name)) return { name, path, owner, group, mode, content: { kind: 'kept' } };
    const text = texts.get(name);
    if (text === undefined || hash === undefined || sha256(text) !== hash)
      problems.push({
        code: 'rollback.changed',
        summary: `a file of deployment ${String(record.number)} is not what was deployed`,
        detail: `Expected ${name} with the SHA-256 of its record, found ${text === undefined ? 'no file' : 'another content'}.`,
        fix: `hxllm releases --limit ${host}  # and go back to another one`,
        where: { host },
      });
    return { name, path, owner, group, mode, content: { kind: 'text', text: text ?? '' } };
  });
  const [first, ...more] = problems;
  return first === undefined ? ok(desired) : fail(first, ...more);
}
