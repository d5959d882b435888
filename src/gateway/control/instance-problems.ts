import type { Problem } from '../../core/problem.ts';
import type { InstancePlace } from './instance-id.ts';
import type { InstanceState } from './instance-status.ts';

/** A command that the state of an instance does not allow. */
export function wrongState(id: string, state: InstanceState): Problem {
  return {
    code: 'instance.wrong-state',
    summary: `instance ${id} is ${state}`,
    detail: `Expected an instance in another state, found that ${id} is ${state}.`,
    fix: 'gateway --control status # shows the instances that run',
  };
}

/** An instance without sockets of systemd is to take over. */
export function noListener(id: string): Problem {
  return {
    code: 'instance.no-listener',
    summary: `instance ${id} has no listener that it could take over`,
    detail: 'Expected sockets of systemd (LISTEN_FDS), found none.',
    fix: 'start it through its unit: systemctl start litellm@' + id,
  };
}

/** An instance does not say which slots it has. */
export function silentHolder({ id, folder }: InstancePlace, afterMs: number): Problem {
  return {
    code: 'instance.silent',
    summary: `instance ${id} does not say what it has`,
    detail: `Expected the slots of instance ${id}, found nothing in ${String(afterMs / 1000)} s.`,
    fix: `gateway --control status --runtime-dir ${folder}`,
  };
}
