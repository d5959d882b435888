import type { Action } from './plan.ts';
import { systemctl } from './systemctl.ts';

/** Starts units that stopped together with others. A target would start all that it wants, so it is started alone. A follower that fails by itself fails no switch. */
export function startFollowers(names: readonly string[]): readonly Action[] {
  const targets = names.filter((name) => name.endsWith('.target'));
  const others = names.filter((name) => !targets.includes(name));
  const start = (...words: readonly string[]): Action => ({
    ...systemctl('start', '--no-block', ...words),
    mayFail: true,
  });
  return [
    ...(targets.length === 0 ? [] : [start('--job-mode=ignore-dependencies', ...targets)]),
    ...(others.length === 0 ? [] : [start(...others)]),
  ];
}
