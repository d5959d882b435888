import type { Target } from '../../core/host.ts';
import { ok, type Result } from '../../core/problem.ts';
import type { LocalUser } from '../local-user.ts';
import { resolveSettings } from './settings.ts';
import { jumpTargets } from './tunnel.ts';

/** A host, or a jump host on the way to one. */
export interface HopTarget {
  /** A jump host of two hosts is two if their SSH arguments differ: they may name other known_hosts files. */
  readonly id: string;
  readonly target: Target;
  /** The ids of the jump hosts before it. */
  readonly behind: readonly string[];
}

/** The hosts and, once each, the jump hosts before them. Problem `config.ssh` if OpenSSH does not accept the options of one. */
export async function withJumpHosts(
  localUser: LocalUser,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<Result<readonly HopTarget[]>> {
  const hops = new Map<string, HopTarget>();
  for (const target of targets) {
    const settings = target.connection === 'local' ? undefined : await resolveSettings(localUser, target, signal);
    if (settings?.ok === false) return settings;
    const before = settings === undefined ? [] : jumpTargets(target, settings.value);
    const ids = before.map(({ name, sshArguments }) => JSON.stringify([name, sshArguments]));
    for (const [index, hop] of before.entries()) {
      const id = ids[index] ?? '';
      if (!hops.has(id)) hops.set(id, { id, target: hop, behind: ids.slice(0, index) });
    }
    hops.set(target.name, { id: target.name, target, behind: ids });
  }
  return ok([...hops.values()]);
}
