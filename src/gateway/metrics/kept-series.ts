import type { Fleet } from '../route/fleet.ts';
import type { LabelFilter } from './metric.ts';

/**
 * The series that stay after a reload: those of its aliases, servers and models. Others would be shown and scraped until a restart, one of each
 * name that the file ever had.
 */
export function keptSeries({ backends, replicas }: Fleet, isAlias: (name: string) => boolean): LabelFilter {
  const models = new Set([...replicas.values()].map(({ model }) => model));
  const isKept: Readonly<Record<string, (value: string) => boolean>> = {
    model: isAlias,
    fallback: isAlias,
    backend: (url) => backends.has(url),
    server_model: (name) => models.has(name),
  };
  // A value is empty where there was none.
  return (name, value) => value === '' || isKept[name]?.(value) !== false;
}
