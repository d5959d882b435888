import { SUDO } from '../../../src/core/become.ts';
import type { Backend, Config, HostConfig, Model, Settings } from '../../../src/config/config.ts';
import type { Host, PortTrial, Target } from '../../../src/core/host.ts';
import type { PhaseTools } from '../../../src/core/phase.ts';
import { ok } from '../../../src/core/problem.ts';
import type { PhaseEvent } from '../../../src/core/recorder.ts';
import type { CheckResult } from '../../../src/core/verdict.ts';
import { targetOf } from '../../remote/target.ts';
import { model, settings } from '../../render/settings.ts';
import { quote } from '../../../src/core/shell.ts';

/** The answers of a host by the question's name. A question without an entry gets no answer. */
export type Answers = Readonly<Record<string, string | { readonly stdout: string; readonly exitCode: number }>>;

/** A host that gives recorded answers to the script of questions; nothing listens on its ports, unless `trial` says otherwise. */
export function createAnsweringHost(
  name: string,
  answers: Answers,
  trial: PortTrial = { state: 'refused', address: '10.77.0.11', detail: 'ECONNREFUSED' },
): Host {
  return {
    name,
    address: name,
    run: ({ stdin }) => {
      const script = typeof stdin === 'string' ? stdin : '';
      const nonce = /([0-9a-f]{32}):begin:/.exec(script)?.[1] ?? '';
      const asked = Object.entries(answers).filter(([question]) => script.includes(`${nonce}:begin:${question}`));
      // A refusal of sudo comes in the place of its answer.
      const refused =
        answers['sudo'] !== undefined && typeof answers['sudo'] !== 'string' ? answers['sudo'].stdout : undefined;
      const answered = refused === undefined ? asked : asked.filter(([question]) => question !== 'sudo');
      const parts = answered.map(([question, answer]) => {
        const { stdout, exitCode } = typeof answer === 'string' ? { stdout: answer, exitCode: 0 } : answer;
        return `${nonce}:begin:${question}\n${stdout}\n${nonce}:end:${String(exitCode)}\n`;
      });
      return Promise.resolve(
        ok({
          exitCode: 0,
          stdout: `${nonce}:sudo\n${refused ?? ''}${parts.join('')}${typeof answers['ended'] === 'string' ? `${nonce}:ended:${answers['ended']}` : ''}`,
          stderr: '',
          durationMs: 1,
        }),
      );
    },
    forward: () => Promise.reject(new Error(`${quote(name)} forwards no port`)),
    tryPort: () => Promise.resolve(trial),
    tls: () => Promise.reject(new Error(`${name} speaks no TLS`)),
    close: () => Promise.resolve(),
  };
}

/** A model with an alias and defaults. */
export function modelOf(name: string, nativeName: string, backends?: readonly string[]): Model {
  return model(name, { model: nativeName, backends });
}

/** A host of the inventory with the guide's defaults. */
export function hostOf(name: string, over: Partial<Settings> = {}, target: Partial<Target> = {}): HostConfig {
  return {
    target: targetOf({ name, address: name, user: 'deploy', ...target }),
    become: over.serviceManager === 'process' ? 'none' : SUDO,
    settings: settings({ models: undefined, backends: undefined, masterKey: { state: 'absent' }, ...over }),
    origins: {},
  };
}

/** A configuration with these hosts. */
export function configOf(hosts: readonly HostConfig[], part: Partial<Config> = {}): Config {
  return {
    inventories: ['/w/inventories/dev.ini'],
    inventoryFile: '/w/inventories/dev.ini',
    variablesFolder: '/w/inventories',
    groupDefined: true,
    hosts,
    allHosts: hosts.map(({ target }) => target.name),
    candidates: [],
    files: [],
    warnings: [],
    ...part,
  };
}

/** URLs as backends. */
export function backendsOf(...urls: readonly string[]): readonly Backend[] {
  return urls.map((url) => ({ url, numParallel: undefined }));
}

/** Tools that keep all events and documents. The clock stands still at `nowMs`. */
export function toolsOf(
  connect: PhaseTools['connect'],
  nowMs = 0,
): PhaseTools & { readonly events: PhaseEvent[]; readonly files: Map<string, string | object> } {
  const events: PhaseEvent[] = [];
  const files = new Map<string, string | object>();
  return {
    events,
    files,
    connect,
    recorder: {
      event: (event) => {
        events.push(event);
      },
      file: (path, content) => {
        files.set(path, content);
      },
    },
    confirm: () => Promise.reject(new Error('preflight asks no questions')),
    signal: new AbortController().signal,
    nowMs: () => nowMs,
  };
}

/** A result by id. */
export function resultOf(results: readonly CheckResult[], id: string): CheckResult {
  const found = results.find((result) => result.id === id);
  if (found === undefined) throw new Error(`no result ${id} among ${results.map((result) => result.id).join(', ')}`);
  return found;
}
