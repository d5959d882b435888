import { resolve } from 'node:path';
import type { Config } from '../../config/config.ts';
import type { PhaseReport, PhaseTools } from '../../core/phase.ts';
import { randomId } from '../../core/id.ts';
import { ownAddress } from '../../core/own-address.ts';
import { FORKS, mapInParallel } from '../../core/parallel.ts';
import type { Problem } from '../../core/problem.ts';
import { SMOKE as record } from '../../phases/smoke/index.ts';
import { runSmoke, type SmokeTarget } from '../../phases/smoke/run.ts';
import { throughForward } from '../hosts/through-forward.ts';
import { runPhase, type PhaseRun } from '../run/run-phase.ts';
import { failedBy, toolsOf, withConfig } from '../run/with-config.ts';
import { readKeyFile } from './key-file.ts';
import { nextAfter, typed } from '../run/next.ts';
import type { PhaseOutcome } from '../run/outcome.ts';
import type { PhaseOptions, Session } from '../run/session.ts';
import { createOutage } from './smoke-outage.ts';
import { previousOf } from './smoke-previous.ts';
import { smokeTargets } from './smoke-targets.ts';

/** The options of smoke. */
export interface SmokeCommandOptions extends PhaseOptions {
  /** Tests this server, of any kind, without an inventory. */
  readonly url?: string;
  readonly keyFile?: string;
  readonly throughSsh?: boolean | undefined;
  /** Tests from this machine, and then from the host itself. */
  readonly fromHost?: boolean | undefined;
  /** Asks every alias of each of its servers. */
  readonly everyServer?: boolean | undefined;
  /** Makes a key, uses it up to its limit, and removes it. */
  readonly keys?: boolean | undefined;
  /** Takes a server out of use meanwhile, and puts it back. */
  readonly fault?: boolean | undefined;
  /** The time for questions to models, seconds. */
  readonly budget?: number | undefined;
}

/** Runs smoke against the hosts of the inventory, or against one URL. */
export function runSmokeCommand(session: Session, options: SmokeCommandOptions): Promise<PhaseOutcome> {
  const { url, keyFile, throughSsh = false, everyServer = false } = options;
  return runPhase(session, { ...record, next: nextAfter(session, undefined) }, (run) => {
    const wishes = {
      ...(options.budget === undefined ? {} : { budgetMs: options.budget * 1000 }),
      ...(options.keys === true ? { keyAlias: `hxllm-smoke-${randomId()}` } : {}),
    };
    if (url !== undefined) return judgeUrl(session, run, { url, keyFile, ...wishes });
    return withConfig(
      session,
      run,
      async (config, tools) => {
        const targets = smokeTargets(config, throughSsh, typed(session, session.within ?? 'smoke'));
        if (!targets.ok) return failedBy(targets.problems);
        if (options.fault === true && !(await tools.confirm({ question: consentTo(config) })))
          return { ending: 'declined', results: [], problems: [], changes: 0 };
        const asked = targets.value.map((target) => ({
          ...target,
          ...outageOf(config, target.name, options, tools),
          everyServer,
          ...wishes,
          ...previousOf(session, target.name),
        }));
        if (options.fromHost === true) return judgeFromBoth(config, asked, tools);
        return throughSsh ? judgeThroughSsh(config, asked, tools) : testAndNote(asked, tools);
      },
      {
        becomes: options.fault === true,
        alsoAs: (host) => (options.fromHost === true ? [fromItself(host)] : []),
      },
    );
  });
}

function consentTo({ hosts }: Config): string {
  const names = hosts.map(({ target }) => target.name).join(', ');
  return `Drain one server of ${names} for some seconds, while requests go on?`;
}

function outageOf(
  config: Config,
  name: string,
  { fault }: SmokeCommandOptions,
  tools: PhaseTools,
): Pick<SmokeTarget, 'takeOut'> {
  const host = config.hosts.find((candidate) => candidate.target.name === name);
  return fault !== true || host === undefined ? {} : { takeOut: createOutage(host, tools) };
}

async function judgeUrl(
  session: Session,
  run: PhaseRun,
  {
    url,
    keyFile,
    ...wishes
  }: Pick<SmokeTarget, 'url' | 'budgetMs' | 'keyAlias'> & { readonly keyFile: string | undefined },
): Promise<PhaseReport> {
  const key = keyFile === undefined ? undefined : await readKeyFile(resolve(session.terminal.cwd, keyFile));
  if (key?.ok === false) return failedBy(key.problems);
  if (key !== undefined) session.redaction.add(key.value);
  const target: SmokeTarget = {
    name: url,
    url,
    key: key?.value,
    models: undefined,
    backends: undefined,
    embeddings: [],
    ...wishes,
    ...previousOf(session, url),
  };
  run.about({ hosts: [url], files: [], warnings: [] });
  return runSmoke([target], toolsOf(session, run.tools));
}

/** Tests the targets. If all is well, notes the addresses for clients. */
async function testAndNote(
  targets: readonly SmokeTarget[],
  tools: PhaseTools,
  then: readonly SmokeTarget[] = [],
): Promise<PhaseReport> {
  const report = await runSmoke(targets, tools, then);
  if (report.ending === 'passed')
    for (const { name, url } of targets)
      tools.recorder.event({
        kind: 'note',
        host: name,
        text: `base URL for clients: ${url}/v1 (for Anthropic’s and Ollama’s clients: ${url})\nAPI key: the master key`,
      });
  return report;
}

/** Tests through SSH: a port of this machine leads to the gateway's address on the host. */
function judgeThroughSsh(config: Config, targets: readonly SmokeTarget[], tools: PhaseTools): Promise<PhaseReport> {
  return withForwards(config, targets, tools, (reached) => runSmoke(reached, tools));
}

/**
 * Tests from this machine, and then the same as the host itself sees it, so that a network or a proxy in between stands out. The host's turn
 * changes nothing and measures no ramp: that would say the same again.
 */
function judgeFromBoth(config: Config, targets: readonly SmokeTarget[], tools: PhaseTools): Promise<PhaseReport> {
  const gentle = targets.map(({ keyAlias: _key, takeOut: _outage, previous: _previous, ...target }) => ({
    ...target,
    withoutRamp: true,
  }));
  return withForwards(config, gentle, tools, (reached) =>
    testAndNote(
      targets,
      tools,
      reached.map((target) => ({ ...target, name: fromItself(target.name) })),
    ),
  );
}

/** The name of a host for answers that it got itself. */
function fromItself(host: string): string {
  return `${host} from itself`;
}

/** Opens a way to each target on its own host while it is tested. An unreachable host does not hide the others. */
async function withForwards(
  config: Config,
  targets: readonly SmokeTarget[],
  tools: PhaseTools,
  test: (reached: readonly SmokeTarget[]) => Promise<PhaseReport>,
): Promise<PhaseReport> {
  const opened = await mapInParallel(targets, tools.forks ?? FORKS, (target) => openTarget(config, target, tools));
  try {
    const report = await test(opened.flatMap((one) => ('target' in one ? [one.target] : [])));
    const problems = opened.flatMap((one) => ('target' in one ? [] : one.problems));
    return problems.length === 0
      ? report
      : {
          ...report,
          ending: report.ending === 'aborted' ? 'aborted' : 'failed',
          problems: [...problems, ...report.problems],
        };
  } finally {
    await Promise.all(opened.flatMap((one) => ('target' in one ? [one.close()] : [])));
  }
}

type TargetAccess =
  | { readonly target: SmokeTarget; readonly close: () => Promise<void> }
  | { readonly problems: readonly Problem[] };

async function openTarget(config: Config, target: SmokeTarget, { connect, signal }: PhaseTools): Promise<TargetAccess> {
  const host = config.hosts.find((candidate) => candidate.target.name === target.name);
  if (host === undefined) throw new Error(`no host ${target.name}`);
  const connected = await connect(host.target, signal);
  if (!connected.ok) return { problems: connected.problems };
  const { listen, port } = host.settings;
  const forward = await connected.value.forward(ownAddress(listen), port);
  if (!forward.ok) {
    await connected.value.close();
    return { problems: forward.problems };
  }
  const close = async (): Promise<void> => {
    await forward.value.close();
    await connected.value.close();
  };
  return {
    target: { ...target, ...throughForward(target.url, forward.value) },
    close,
  };
}
