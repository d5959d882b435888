import { DEFAULT_SMOKE_LIMITS, SMOKE_LIMITS, type SmokeLimits } from '../../core/smoke-limits.ts';
import { failed, pass, type Measurement, type Verdict } from '../../core/verdict.ts';
import type { SmokeTarget } from './target.ts';

/** The words of a verdict about a number. */
export interface LimitWords {
  readonly seen: string;
  readonly fix: string;
  /** The subject of the number, such as `the first token of phi`. */
  readonly of?: string;
}

/** The limit of a probe on a target. */
export function limitOf(name: keyof SmokeLimits, target: Pick<SmokeTarget, 'limits'>): number {
  return (target.limits ?? DEFAULT_SMOKE_LIMITS)[name];
}

/** The number with its limit, as results and evidence keep it. */
export function measured(name: keyof SmokeLimits, value: number, target: Pick<SmokeTarget, 'limits'>): Measurement {
  return { value, unit: SMOKE_LIMITS[name].unit, limit: limitOf(name, target) };
}

/** Passes a number that is at most its limit. */
export function judgeMost(name: keyof SmokeLimits, value: number, target: SmokeTarget, words: LimitWords): Verdict {
  return judge(name, value, target, words, value <= limitOf(name, target), 'at most');
}

/** Passes a number that is at least its limit. */
export function judgeLeast(name: keyof SmokeLimits, value: number, target: SmokeTarget, words: LimitWords): Verdict {
  return judge(name, value, target, words, value >= limitOf(name, target), 'at least');
}

function judge(
  name: keyof SmokeLimits,
  value: number,
  target: SmokeTarget,
  { seen, fix, of }: LimitWords,
  isWithin: boolean,
  bound: string,
): Verdict {
  const number = measured(name, value, target);
  if (isWithin) return pass(seen, number);
  const { variable, unit } = SMOKE_LIMITS[name];
  return failed(
    `${bound} ${String(limitOf(name, target))} ${unit}${of === undefined ? '' : ` for ${of}`} (${variable})`,
    seen,
    fix,
    number,
  );
}
