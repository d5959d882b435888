import type { Usage } from '../exchange.ts';

/** The sum of several usages; a single one is returned as it is. */
export function totalUsage(usages: readonly Usage[]): Usage {
  const [only] = usages;
  if (only !== undefined && usages.length === 1) return only;
  const total = (of: (usage: Usage) => number | undefined): number =>
    usages.reduce((sum, usage) => sum + (of(usage) ?? 0), 0);
  return {
    ...(usages.some(({ estimated }) => estimated === true) ? { estimated: true } : {}),
    promptTokens: total((usage) => usage.promptTokens),
    completionTokens: total((usage) => usage.completionTokens),
    totalMs: total((usage) => usage.totalMs),
    loadMs: total((usage) => usage.loadMs),
    prefillMs: total((usage) => usage.prefillMs),
    decodeMs: total((usage) => usage.decodeMs),
  };
}
