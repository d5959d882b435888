import { sudoRefusal } from '../../../apply/sudo.ts';
import { defaultFolders, pathsOf, type HostConfig } from '../../../config/config.ts';
import type { Host } from '../../../core/host.ts';
import { randomId } from '../../../core/id.ts';
import type { PhaseTools } from '../../../core/phase.ts';
import { fail, ok, type Problem, type Result } from '../../../core/problem.ts';
import { accountQuestion, type Account } from '../../../facts/account.ts';
import { ask } from '../../../facts/ask.ts';
import { hostIdentityQuestion } from '../../../facts/host-identity.ts';
import { hostRecordQuestion } from '../../../facts/host-record.ts';
import { dropInsQuestion, type DropIn } from '../../../facts/drop-ins/drop-ins.ts';
import { foreignQuestion, type Foreign } from '../../../facts/foreign.ts';
import type { Footprint } from '../../../facts/footprint/footprint.ts';
import { footprintQuestion } from '../../../facts/footprint/question.ts';
import type { Installation } from '../../../facts/installation/installation.ts';
import { installationQuestion } from '../../../facts/installation/question.ts';
import { machineQuestion, type Machine } from '../../../facts/machine.ts';
import type { Secret } from '../../../core/secret.ts';
import type { Fact } from '../../../facts/question.ts';
import { desiredFolders } from '../../../plan/folders.ts';
import { stagedPaths } from '../../../plan/staged.ts';

/** The state of a host that enforce and uninstall plan from. */
export interface HostState {
  readonly machine: Machine;
  readonly installation: Installation;
  readonly footprint: Footprint;
  readonly foreign: readonly Foreign[];
  /** Only enforce needs it. */
  readonly account: Fact<Account>;
  readonly dropIns: readonly DropIn[];
  /** Only saved plans need it. */
  readonly identity: Fact<Secret>;
}

const TIMEOUT_MS = 90_000;

/**
 * Asks for the whole state in one round trip. A fact that stays unknown is a Problem: nothing is planned on a guess. If earlier runs
 * were cut off, the host's own record of them becomes an event. `verify`: runtimes are hashed.
 */
export async function inspectHost(
  host: Host,
  { become, settings }: HostConfig,
  { signal, recorder, cutOff = [] }: Pick<PhaseTools, 'signal' | 'recorder' | 'cutOff'>,
  verify = false,
): Promise<Result<HostState>> {
  const paths = pathsOf(settings);
  const watched = [
    paths.configFile,
    paths.envFile,
    paths.caFile,
    paths.tlsCertFile,
    paths.tlsKeyFile,
    paths.serviceUnit,
    paths.socketUnit,
    paths.instanceUnit,
    paths.failedUnit,
    paths.dropInGenerator,
    paths.current,
    paths.logFile,
    paths.auditLog,
    paths.pidFile,
    ...stagedPaths(paths),
    ...paths.stateFiles,
    ...desiredFolders(settings, paths).map((folder) => folder.path),
  ];
  const questions = {
    machine: machineQuestion,
    installation: installationQuestion({
      ...settings,
      installDir: paths.installDir,
      marker: paths.marker,
      pidFile: paths.pidFile,
      envFile: paths.envFile,
      verify,
      paths: watched,
    }),
    footprint: footprintQuestion({ ...settings, ...paths, defaults: defaultFolders(settings) }),
    foreign: foreignQuestion(paths, settings),
    account: accountQuestion({ ...settings, ...paths }),
    record: hostRecordQuestion(paths.installDir, cutOff),
    dropIns: dropInsQuestion({ ...settings, ...paths }),
    identity: hostIdentityQuestion,
  };
  const asked = await ask(host, questions, randomId(), {
    signal,
    timeoutMs: TIMEOUT_MS,
    become,
  });
  if (!asked.ok) return asked;
  const { machine, installation, footprint, foreign, dropIns, account, record, identity } = asked.value;
  if (record.known && cutOff.length > 0) recorder.event({ kind: 'recorded', host: host.name, steps: record.value });
  if (machine.known && installation.known && footprint.known && foreign.known && dropIns.known)
    return ok({
      machine: machine.value,
      installation: installation.value,
      footprint: footprint.value,
      foreign: foreign.value,
      dropIns: settings.serviceManager === 'systemd' ? dropIns.value : [],
      account,
      identity,
    });
  const [unknown] = [machine, installation, footprint, foreign, dropIns].flatMap((fact: Fact<unknown>) =>
    fact.known ? [] : [fact],
  );
  return fail(uninspected(host.name, unknown));
}

/** The Problem of a fact that stayed unknown. */
export function uninspected(
  host: string,
  unknown: { readonly why: string; readonly refusal?: string } | undefined,
): Problem {
  if (unknown?.refusal !== undefined) return sudoRefusal(host, unknown.refusal === '' ? unknown.why : unknown.refusal);
  return {
    code: 'enforce.unknown',
    summary: 'the host could not be inspected',
    detail: `Expected to learn what is installed, found: ${unknown?.why ?? 'no answer'}.`,
    fix: `hxllm preflight --limit ${host}`,
    where: { host },
  };
}
