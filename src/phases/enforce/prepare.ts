import { pathsOf, type HostConfig } from '../../config/config.ts';
import { buildText, isOlder } from '../../core/build.ts';
import type { PhaseTools } from '../../core/phase.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import type { Secret } from '../../core/secret.ts';
import type { Fact } from '../../facts/question.ts';
import { planHost } from '../../plan/host-plan.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Actual } from '../../plan/actual.ts';
import type { DesiredFile } from '../../render/content.ts';
import type { Desired } from '../../render/desired.ts';
import { ownUnitProblems } from '../../facts/drop-ins/own-unit.ts';
import { renderHostFiles } from '../../render/host-files.ts';
import { ownUnits } from '../../render/own-units.ts';
import { renderRelease, type Release } from '../../render/release-files.ts';
import type { Bundle, Shipping } from '../../render/release.ts';
import { foreignProblems } from './foreign-problems.ts';
import type { HostAccess } from './host/open-host.ts';
import { resolveMasterKey } from './master-key.ts';
import { inspectHost, type HostState } from './host/inspect.ts';
import { readFormer } from './rollback/former.ts';
import { formerRelease } from './rollback/former-release.ts';
import type { RollbackRequest } from './rollback/target.ts';
import { unfitProblems } from './unfit.ts';

/** A host with its desired state, its actual state and the plan from one to the other. */
export interface Prepared extends HostAccess {
  readonly config: HostConfig;
  readonly desired: Desired;
  readonly actual: Actual;
  readonly plan: Plan;
  /** Lines about the account that are no reason to refuse it. */
  readonly warnings: readonly string[];
  /** The machine's own number, for the hashes of a saved plan. */
  readonly identity: Fact<Secret>;
}

/** The options that all hosts of a run share. */
export interface PrepareOptions {
  /** The master key may be unknown: then the step that needs it is. */
  readonly lacksKey: boolean;
  readonly takeOver: boolean;
  readonly allowDowngrade: boolean;
  readonly verify: boolean;
  /** Goes back to an earlier deployment instead. */
  readonly rollback?: RollbackRequest | undefined;
  readonly timestamp: string;
  /** The origin of a new deployment. */
  readonly origin: Actual['origin'];
  readonly tools: PhaseTools;
}

/** Inspects a host and plans its changes; changes nothing. */
export async function prepareHost(
  given: HostConfig,
  { host, record }: HostAccess,
  bundle: Bundle | undefined,
  shipping: Shipping,
  options: PrepareOptions,
): Promise<Result<Prepared>> {
  const { rollback } = options;
  const wanted =
    rollback === undefined
      ? renderOwn(given, options.lacksKey)
      : await readFormer(host, given, rollback, options.tools);
  if (!wanted.ok) return wanted;
  const { release: former } = wanted.value;
  const config = { ...given, settings: wanted.value.settings };
  const state = await inspectHost(host, config, options.tools, options.verify);
  if (!state.ok) return state;
  const [first, ...more] = foreignProblems(config, state.value, options.takeOver);
  if (first !== undefined) return fail(first, ...more);
  const unfit = unfitProblems(config, state.value);
  if (!unfit.ok) return unfit;
  const release =
    former === undefined
      ? await newRelease(config, state.value, bundle, shipping, options.allowDowngrade)
      : await formerRelease(host.name, config.settings, former, state.value, shipping);
  if (!release.ok) return release;
  const { settings, target } = config;
  const desired: Desired = {
    settings,
    paths: pathsOf(settings),
    files: wanted.value.desired,
    release: release.value,
    compress: target.connection === 'ssh',
    ...(former === undefined || rollback === undefined
      ? {}
      : { rollback: { of: former.number, codeOnly: rollback.codeOnly } }),
  };
  const actual: Actual = {
    installation: state.value.installation,
    footprint: state.value.footprint,
    foreign: state.value.foreign,
    dropIns: state.value.dropIns,
    timestamp: options.timestamp,
    origin: options.origin,
  };
  const plan = planHost(desired, actual);
  // A change restarts the runtime, or is made beside it: then its content counts, and not only its size and time.
  if (plan.steps.length > 0 && actual.installation.runtimes.length > 0 && !options.verify) {
    // The record of runs that were cut off is told already, and a number that counts back was resolved with it.
    const again = { ...options, tools: { ...options.tools, cutOff: [] }, verify: true };
    const resolved = rollback === undefined || former === undefined ? rollback : { ...rollback, to: former.number };
    return prepareHost(given, { host, record }, bundle, shipping, { ...again, rollback: resolved });
  }
  const { identity } = state.value;
  return ok({ config, host, record, desired, actual, plan, warnings: unfit.value, identity });
}

/** The files of this run's own configuration, whose release is the one that this hxllm carries. */
interface OwnState {
  readonly release: undefined;
  readonly settings: HostConfig['settings'];
  readonly desired: readonly DesiredFile[];
}

function renderOwn(config: HostConfig, lacksKey: boolean): Result<OwnState> {
  const { settings } = config;
  const key = resolveMasterKey(config, lacksKey);
  if (!key.ok) return key;
  const files = renderHostFiles(settings, key.value);
  if (!files.ok) return files;
  const [lost, ...others] = ownUnits(settings, files.value).flatMap((unit) =>
    ownUnitProblems(unit, { ...settings, ...pathsOf(settings) }),
  );
  return lost === undefined ? ok({ release: undefined, settings, desired: files.value }) : fail(lost, ...others);
}

async function newRelease(
  config: HostConfig,
  state: HostState,
  bundle: Bundle | undefined,
  shipping: Shipping,
  allowDowngrade: boolean,
): Promise<Result<Release>> {
  if (bundle === undefined) throw new Error('a new release needs a bundle');
  const release = await releaseFor(config, state, bundle, shipping);
  const downgrade = release.ok ? downgradeProblem(release.value, state, config, allowDowngrade) : undefined;
  return downgrade === undefined ? release : fail(downgrade);
}

/** A host whose release is newer than this hxllm keeps it: another operator, or this one elsewhere, has the newer program. */
function downgradeProblem(
  { id, build }: Release,
  { installation }: HostState,
  { target: { name } }: HostConfig,
  isAllowed: boolean,
): Problem | undefined {
  const { build: installed, current } = installation;
  if (isAllowed || installed === undefined || current === id || !isOlder(build, installed)) return undefined;
  return {
    code: 'enforce.downgrade',
    summary: 'the host has a newer hxllm than this one',
    detail: `Expected a release that is not newer than ${buildText(build)}, found ${buildText(installed)}.`,
    fix: 'install the newer hxllm here, or enforce with --allow-downgrade',
    where: { host: name },
  };
}

async function releaseFor(
  { target, settings }: HostConfig,
  { machine }: HostState,
  bundle: Bundle,
  shipping: Shipping,
): Promise<ReturnType<typeof renderRelease>> {
  if (machine.architecture === undefined) {
    return fail({
      code: 'enforce.architecture',
      summary: 'no runtime is built for the architecture of the host',
      detail: `Expected x86_64 or aarch64, found ${machine.hardware}.`,
      fix: `choose a host other than ${target.name}`,
      where: { host: target.name },
    });
  }
  const runtime = await shipping.runtime(machine.architecture);
  return runtime.ok ? renderRelease(settings, bundle, runtime.value) : runtime;
}
