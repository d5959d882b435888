import { holdHost } from '../../../apply/held-host.ts';
import type { HostRecord } from '../../../apply/host-record.ts';
import { pathsOf, type HostConfig } from '../../../config/config.ts';
import { contentId } from '../../../core/hash.ts';
import type { Host } from '../../../core/host.ts';
import { randomId } from '../../../core/id.ts';
import type { PhaseTools } from '../../../core/phase.ts';
import { ok, type Result } from '../../../core/problem.ts';
import { recordFile } from '../../../facts/host-record.ts';
import { noShell } from '../../../facts/no-shell.ts';
import type { RunCommand } from '../../../plan/plan.ts';
import type { OpenedHosts } from './until-closed.ts';

/** A connected host, with the place of its own record of the run. If something may be changed, it is held and its commands run as root. */
export interface HostAccess {
  readonly host: Host;
  readonly record: HostRecord;
}

/**
 * Connects to a host and, if something may be changed, takes its lock and becomes root, by one sudo for the whole run. Both are held
 * until the run has ended, so that the host cannot change between plan and apply.
 */
export async function openHost(
  { target, become, settings }: HostConfig,
  command: RunCommand,
  changes: boolean,
  { connect, recorder, signal, by = 'hxllm' }: PhaseTools,
  opened: OpenedHosts,
): Promise<Result<HostAccess>> {
  recorder.event({ kind: 'progress', host: target.name, text: 'connecting' });
  const connected = await connect(target, signal);
  if (!connected.ok) return connected;
  const host = connected.value;
  const stack = opened();
  stack.defer(() => host.close());
  const token = randomId();
  const record = { file: recordFile(pathsOf(settings).installDir), id: token };
  if (!changes) return ok({ host, record });
  const name =
    settings.serviceManager === 'systemd' ? 'lock' : `lock-${contentId(settings.prefix, settings.installDir)}`;
  const held = await holdHost(host, { become, token, command, by, name, noShell: (ran) => noShell(host, ran) }, signal);
  if (!held.ok) return held;
  stack.defer(() => held.value.release());
  return ok({ host: held.value, record });
}
