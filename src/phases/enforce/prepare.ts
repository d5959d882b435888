import { pathsOf, type HostConfig } from '../../config/config.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { planHost } from '../../plan/host-plan.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Seen } from '../../plan/seen.ts';
import type { Wanted } from '../../render/wanted.ts';
import { renderHostFiles } from '../../render/host-files.ts';
import { renderRelease } from '../../render/release-files.ts';
import type { Bundle, Shipping } from '../../render/release.ts';
import { foreignProblems } from './foreign-problems.ts';
import type { Opened } from './hosts.ts';
import { keyInHand } from './key.ts';
import { look, type Looked } from './look.ts';

/** A host with what is wanted there, what was seen, and the plan between them. */
export interface Prepared extends Opened {
  readonly config: HostConfig;
  readonly wanted: Wanted;
  readonly seen: Seen;
  readonly plan: Plan;
}

/** What holds for every host of a run. */
export interface PrepareOptions {
  readonly dryRun: boolean;
  readonly takeOver: boolean;
  readonly timestamp: string;
  readonly signal: AbortSignal;
}

/** Looks at a host and plans; changes nothing. */
export async function prepareHost(
  config: HostConfig,
  { host, claim }: Opened,
  bundle: Bundle,
  shipping: Shipping,
  options: PrepareOptions,
): Promise<Result<Prepared>> {
  const key = keyInHand(config, options.dryRun);
  if (!key.ok) return key;
  const files = renderHostFiles(config.settings, key.value);
  if (!files.ok) return files;
  const looked = await look(host, config.settings, options.signal);
  if (!looked.ok) return looked;
  const [first, ...more] = foreignProblems(config, looked.value, options.takeOver);
  if (first !== undefined) return fail(first, ...more);
  const release = await releaseFor(config, looked.value, bundle, shipping);
  if (!release.ok) return release;
  const { settings, target } = config;
  const wanted: Wanted = {
    settings,
    paths: pathsOf(settings),
    files: files.value,
    release: release.value,
    compress: target.connection === 'ssh',
  };
  const seen: Seen = {
    installation: looked.value.installation,
    foreign: looked.value.foreign,
    timestamp: options.timestamp,
  };
  return ok({ config, host, claim, wanted, seen, plan: planHost(wanted, seen) });
}

async function releaseFor(
  { target, settings }: HostConfig,
  { machine }: Looked,
  bundle: Bundle,
  shipping: Shipping,
): Promise<ReturnType<typeof renderRelease>> {
  if (machine.architecture === undefined) {
    return fail({
      code: 'enforce.architecture',
      summary: 'the host has an architecture that no runtime is built for',
      detail: `Wanted x86_64 or aarch64; seen ${machine.hardware}.`,
      fix: `choose another host than ${target.name}`,
      where: { host: target.name },
    });
  }
  const runtime = await shipping.runtime(machine.architecture);
  return runtime.ok ? renderRelease(settings, bundle, runtime.value) : runtime;
}
