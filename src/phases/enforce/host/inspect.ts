import { sudoRefusal } from '../../../apply/sudo.ts';
import { becomeOf, pathsOf, type Settings } from '../../../config/config.ts';
import type { Host } from '../../../core/host.ts';
import { randomId } from '../../../core/id.ts';
import { fail, ok, type Result } from '../../../core/problem.ts';
import { ask } from '../../../facts/ask.ts';
import { foreignQuestion, type Foreign } from '../../../facts/foreign.ts';
import type { Installation } from '../../../facts/installation/installation.ts';
import { installationQuestion } from '../../../facts/installation/question.ts';
import { machineQuestion, type Machine } from '../../../facts/machine.ts';
import type { Fact } from '../../../facts/question.ts';
import { desiredFolders } from '../../../plan/folders.ts';

/** The state of a host that enforce and uninstall plan from. */
export interface HostState {
  readonly machine: Machine;
  readonly installation: Installation;
  readonly foreign: readonly Foreign[];
}

const TIMEOUT_MS = 90_000;

/** Asks for the whole state in one round trip. A fact that stays unknown is a Problem: nothing is planned on a guess. */
export async function inspectHost(host: Host, settings: Settings, signal: AbortSignal): Promise<Result<HostState>> {
  const paths = pathsOf(settings);
  const watched = [
    paths.configFile,
    paths.envFile,
    paths.serviceUnit,
    paths.socketUnit,
    paths.current,
    paths.logFile,
    paths.pidFile,
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
      paths: watched,
    }),
    foreign: foreignQuestion(paths, settings.port),
  };
  const asked = await ask(host, questions, randomId(), {
    signal,
    timeoutMs: TIMEOUT_MS,
    become: becomeOf(settings),
  });
  if (!asked.ok) return asked;
  const { machine, installation, foreign } = asked.value;
  if (machine.known && installation.known && foreign.known)
    return ok({ machine: machine.value, installation: installation.value, foreign: foreign.value });
  const [unknown] = [machine, installation, foreign].flatMap((fact: Fact<unknown>) => (fact.known ? [] : [fact]));
  if (unknown?.refusal !== undefined)
    return fail(sudoRefusal(host.name, unknown.refusal === '' ? unknown.why : unknown.refusal));
  return fail({
    code: 'enforce.unknown',
    summary: 'the host could not be inspected',
    detail: `Expected to learn what is installed, found: ${unknown?.why ?? 'no answer'}.`,
    fix: `hxllm preflight --limit ${host.name}`,
    where: { host: host.name },
  });
}
