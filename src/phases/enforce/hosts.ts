import { takeLock } from '../../apply/lock.ts';
import type { Config, HostConfig } from '../../config/config.ts';
import { contentId } from '../../core/hash.ts';
import type { Host } from '../../core/host.ts';
import type { PhaseTools } from '../../core/phase.ts';
import { ok, type Problem, type Result } from '../../core/problem.ts';
import { becomeOf } from './look.ts';

/** What is wrong with an inventory that gives enforce no host to work on. */
export function hostProblems({ inventoryFile, groupDefined, hosts }: Config): readonly Problem[] {
  if (hosts.length > 0) return [];
  const summary = groupDefined ? 'no host of the group [litellm] is left to work on' : 'the inventory has no group [litellm]';
  return [{ code: groupDefined ? 'inventory.no-hosts' : 'inventory.no-group', summary, detail: 'Wanted at least one host in [litellm] that --limit allows.', fix: `hxllm inventory -i ${inventoryFile}`, where: { file: inventoryFile } }];
}

/**
 * Connects to a host and, where something may be changed, takes its lock. Both are held until `opened` is disposed of, so
 * that what was planned is what is applied.
 */
export async function openHost({ target, settings }: HostConfig, lock: boolean, { connect, recorder, signal }: PhaseTools, opened: AsyncDisposableStack): Promise<Result<Host>> {
  recorder.event({ kind: 'progress', host: target.name, text: 'connecting' });
  const connected = await connect(target, signal);
  if (!connected.ok) return connected;
  const host = connected.value;
  opened.defer(() => host.close());
  if (lock) {
    const file = settings.serviceManager === 'systemd' ? '/run/hxllm.lock' : `/tmp/hxllm-${contentId(settings.prefix, settings.installDir)}.lock`;
    const taken = await takeLock(host, becomeOf(settings), file, crypto.randomUUID(), signal);
    if (!taken.ok) return taken;
    opened.defer(() => taken.value.release());
  }
  return ok(host);
}
