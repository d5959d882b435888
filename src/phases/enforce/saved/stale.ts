import type { Config } from '../../../config/config.ts';
import { buildText } from '../../../core/build.ts';
import { fail, ok, type Problem, type Result } from '../../../core/problem.ts';
import { shellLine } from '../../../core/shell.ts';
import type { Bundle } from '../../../render/release.ts';
import type { Prepared } from '../prepare.ts';
import { agoText, changedFacts, changedWanted, differing } from './differing.ts';
import type { PlannedHost, SavedPlan } from './document.ts';
import { planAgain } from './parse.ts';
import { keyedBasis } from './save.ts';

/** A saved plan and the file that it came from. */
export interface PlanToApply {
  readonly file: string;
  readonly plan: SavedPlan;
}

/** Judges a saved plan before any host is reached. Problems: `plan.other-release`, `plan.other-hosts`. */
export function judgeBefore({ plan, file }: PlanToApply, { hosts }: Config, bundle: Bundle): Result<undefined> {
  const { version, committed, gateway } = plan.program;
  if (version !== bundle.version || gateway !== bundle.sha256) {
    const found =
      version === bundle.version
        ? `${buildText(bundle)} with the gateway ${bundle.sha256.slice(0, 12)}, not ${gateway.slice(0, 12)}`
        : buildText(bundle);
    return fail({
      ...staleBecause('plan.other-release', 'the plan was made by another hxllm', file),
      detail: `Expected hxllm ${buildText({ version, committedAt: committed })}, which made the plan, found ${found}. Nothing was touched.`,
      fix: `npm install --global hxllm@${version}  # or: ${planAgain(file)}`,
    });
  }
  const [planned, asked] = [plan.hosts.map(({ host }) => host), hosts.map(({ target }) => target.name)];
  if (planned.toSorted().join('\n') === asked.toSorted().join('\n')) return ok(undefined);
  return fail({
    ...staleBecause('plan.other-hosts', 'the plan is for other hosts', file),
    detail: `Expected ${listed(planned)}, found ${listed(asked)} (the inventory and --limit). Nothing was touched.`,
    fix: `${shellLine(['hxllm', 'enforce', '--plan', file, '--limit', planned.join(',')])}  # or: ${planAgain(file)}`,
  });
}

/**
 * Compares a saved plan with the hosts as they are now. A Problem says which fact changed. Problems: `plan.facts-changed`,
 * `plan.inputs-changed`, `plan.other-machine`, `plan.other-release`, `plan.applied`.
 */
export function judgeHosts(
  { plan, file }: PlanToApply,
  prepared: readonly Prepared[],
  nowMs: number,
): readonly Problem[] {
  const planAgeS = (nowMs - Date.parse(plan.madeAt)) / 1000;
  const judged = prepared.map((one) => {
    const saved = plan.hosts.find(({ host }) => host === one.host.name);
    if (saved === undefined) throw new Error(`the plan has no host ${one.host.name}`);
    return { one, saved, problem: judgeHost(one, saved, { plan, file }, planAgeS) };
  });
  const stale = judged.flatMap(({ problem }) => problem ?? []);
  // No host needs a change any more, and the variables are those of the plan.
  const changing = judged.filter(({ saved }) => saved.steps.length > 0);
  const isApplied =
    changing.length > 0 &&
    prepared.every(({ plan: { steps } }) => steps.length === 0) &&
    stale.every(({ code }) => code === 'plan.facts-changed');
  if (stale.length === 0 || !isApplied) return stale;
  return [
    {
      ...staleBecause('plan.applied', 'the plan has been applied already', file),
      detail: `Expected ${listed(changing.map(({ saved }) => saved.host))} as it was at ${plan.madeAt}, found the state that the plan leads to${sinceText(changing.map(({ one }) => one))}. Nothing was touched.`,
      fix: 'hxllm enforce --dry-run  # shows that nothing differs',
    },
  ];
}

function judgeHost(
  one: Prepared,
  saved: PlannedHost,
  { plan, file }: PlanToApply,
  planAgeS: number,
): Problem | undefined {
  const now = keyedBasis(one, plan.salt);
  const where = { host: saved.host, file };
  if (now.machine !== saved.machine)
    return {
      ...staleBecause('plan.other-machine', 'another machine has the name of the host', file),
      detail: `Expected the machine for which the plan was made at ${plan.madeAt}, found one with another /etc/machine-id: it was installed again, or ${one.host.address} leads to another one. Nothing was touched.`,
      where,
    };
  const wanted = differing(saved.wanted, now.wanted);
  // Folders and the port are in the release and in the files too, so they are told by their variables.
  if (wanted.length > 0 && wanted.every(({ is: { path } }) => path[0] === 'release'))
    return {
      ...staleBecause('plan.other-release', 'the plan was made by another hxllm', file),
      detail: `Expected release ${releaseOf(saved)}, found ${one.desired.release.id}: this hxllm sends another gateway or another Node.js. Nothing was touched.`,
      where,
    };
  if (wanted.length > 0)
    return {
      ...staleBecause(
        'plan.inputs-changed',
        'the inventory, group_vars or the vault changed since the plan was made',
        file,
      ),
      detail: `Expected them as at ${plan.madeAt}, found:\n${changedWanted(wanted, one.desired).join('\n')}\nNothing was touched.`,
      where,
    };
  const facts = differing(saved.facts, now.facts);
  if (facts.length > 0)
    return {
      ...staleBecause('plan.facts-changed', 'the host changed since the plan was made', file),
      detail: `Expected the host as at ${plan.madeAt} (${agoText(planAgeS)}), found:\n${changedFacts(facts, one, planAgeS).join('\n')}\nNothing was touched.`,
      where,
    };
  if (now.plan === saved.plan) return undefined;
  return {
    ...staleBecause('plan.other-release', 'this hxllm plans other steps than the one that made the plan', file),
    detail: `Expected the steps ${stepsText(saved.steps)}, found ${stepsText(one.plan.steps)} for the same host and files, or the same steps with other actions. Nothing was touched.`,
    where,
  };
}

function releaseOf({ wanted }: PlannedHost): string {
  const id = wanted.find(({ path }) => path.join('.') === 'release.id')?.value;
  return typeof id === 'string' ? id : 'of the plan';
}

function stepsText(steps: readonly { readonly id: string }[]): string {
  return steps.length === 0 ? 'none' : steps.map(({ id }) => id).join(', ');
}

/** The marker is written last, with the confirmation of the new state. */
function sinceText(hosts: readonly Prepared[]): string {
  const seconds = hosts.flatMap(
    ({ actual, desired }) => actual.installation.entries.get(desired.paths.marker)?.writtenS ?? [],
  );
  return seconds.length === 0 ? '' : `, reached ${agoText(Math.min(...seconds))}`;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'no host' : names.join(', ');
}

function staleBecause(code: string, summary: string, file: string): Problem {
  return { code, summary, detail: '', fix: planAgain(file), where: { file } };
}
