import { budgetDurationOf } from '../core/budget-duration.ts';
import type { BudgetConfig, GatewayConfig, ModelLimits, RequestLimits } from './config-types.ts';
import type { DocumentPath } from './issue.ts';
import { whole } from './kind.ts';
import type { IssueList, SectionValues } from './section.ts';
import type { LIMIT_KEYS } from './sections/key-limits.ts';
import { wildcardOf } from './wildcard.ts';

const AMOUNT = whole(1);

/** The limits of an entry of `hxllm.keys` or `hxllm.teams`. */
export interface OwnerLimits {
  readonly limits: RequestLimits;
  /** For requests for one model, by the name in `model_rpm_limit` and `model_tpm_limit`; `undefined`: none. */
  readonly modelLimits?: ReadonlyMap<string, ModelLimits>;
  /** `undefined`: none. */
  readonly budget?: BudgetConfig;
}

/** Reads the limits of a key or team. */
export function readLimitsOf(
  values: SectionValues<typeof LIMIT_KEYS>,
  path: DocumentPath,
  findings: IssueList,
): OwnerLimits {
  const limits = {
    perMinute: values.rpm_limit,
    tokensPerMinute: values.tpm_limit,
    parallel: values.max_parallel_requests,
  };
  const modelLimits = new Map<string, ModelLimits>();
  for (const [key, field] of [
    ['model_rpm_limit', 'perMinute'],
    ['model_tpm_limit', 'tokensPerMinute'],
  ] as const)
    for (const [model, given] of Object.entries(values[key] ?? {})) {
      const amount = AMOUNT.read(given);
      if (amount === undefined) findings.wrong([...path, key, model], AMOUNT.expected, given);
      else modelLimits.set(model, { ...modelLimits.get(model), [field]: amount });
    }
  const budget = readBudget(values, path, findings);
  return {
    limits,
    ...(modelLimits.size === 0 ? {} : { modelLimits }),
    ...(budget === undefined ? {} : { budget }),
  };
}

function readBudget(
  { token_budget: tokens, max_budget: money, budget_duration: written }: SectionValues<typeof LIMIT_KEYS>,
  path: DocumentPath,
  findings: IssueList,
): BudgetConfig | undefined {
  const duration = written === undefined ? undefined : budgetDurationOf(written);
  if (written !== undefined && duration === undefined)
    findings.wrong([...path, 'budget_duration'], 'a duration such as 1h, 1d, 7d or 1mo', written);
  return tokens === undefined && money === undefined ? undefined : { tokens, money, duration };
}

/** Warns of limits for names that no model has: they limit nothing. */
export function judgeModelLimits(
  {
    keys,
    teams,
    groups,
    aliases,
    wildcards,
  }: Pick<GatewayConfig, 'keys' | 'teams' | 'groups' | 'aliases' | 'wildcards'>,
  findings: IssueList,
): void {
  const names = new Set<unknown>(aliases.keys());
  for (const { name, deployments } of groups) {
    names.add(name);
    for (const { listed } of deployments) names.add(listed.params['model']);
  }
  const judge = (section: 'keys' | 'teams', owners: readonly Pick<OwnerLimits, 'modelLimits'>[]): void => {
    for (const [index, { modelLimits }] of owners.entries())
      for (const model of modelLimits?.keys() ?? [])
        if (!names.has(model) && wildcardOf(model, wildcards) === undefined)
          findings.warning(
            'config.unknown-model',
            ['hxllm', section, index],
            `expected the model_name of an entry in model_rpm_limit and model_tpm_limit, found ${JSON.stringify(model.slice(0, 80))}, which limits nothing`,
            'write the model_name of an entry of model_list',
          );
  };
  judge('keys', keys);
  judge('teams', teams);
}

/** Reads `litellm_settings.timezone`. */
export function readTimeZone(given: string | undefined, findings: IssueList): string | undefined {
  if (given === undefined) return undefined;
  try {
    const zone = new Intl.DateTimeFormat('en-GB', { timeZone: given }).resolvedOptions().timeZone;
    return zone === 'UTC' ? undefined : zone;
  } catch {
    findings.wrong(['litellm_settings', 'timezone'], 'the name of a time zone, such as Europe/Berlin', given);
    return undefined;
  }
}
