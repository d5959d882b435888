import { SMOKE_LIMITS, type SmokeLimits } from '../../core/smoke-limits.ts';
import type { HostVariables, Reader } from './reader.ts';
import { integer, type VariableRecord } from './variable-type.ts';

/** The variables of smoke's limits. */
export const SMOKE_VARIABLES = Object.fromEntries(
  Object.values(SMOKE_LIMITS).map((limit) => [
    limit.variable,
    {
      type: integer(limit.from, limit.to),
      meaning: `A limit of smoke: ${uncapitalized(limit.meaning)}`,
      unit: limit.unit,
      default: limit.default,
    },
  ]),
  // The names are those of the table.
) as Readonly<Record<(typeof SMOKE_LIMITS)[keyof typeof SMOKE_LIMITS]['variable'], VariableRecord>>;

/** Reads the limits of smoke, with their defaults. */
export function readSmokeLimits(variables: HostVariables, reader: Reader): SmokeLimits {
  return Object.fromEntries(
    Object.entries(SMOKE_LIMITS).map(([name, { variable, unit, from, to, default: value }]) => [
      name,
      reader.integer(
        variables.get(variable),
        { from, to },
        `a whole number of ${unit} from ${String(from)} to ${String(to)}`,
      ) ?? value,
    ]),
    // The entries are those of the table.
  ) as SmokeLimits;
}

function uncapitalized(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
