import { USER_GECOS } from '../core/mark.ts';
import type { Desired } from '../render/desired.ts';
import type { Step } from './plan.ts';
import type { Actual } from './actual.ts';

/**
 * Creates the system user and its group. Existing ones are used as they are; hxllm's own user gets the group as its primary
 * one, which the running service, whose unit names the group, does not notice.
 */
export function planUser({ settings }: Desired, { installation }: Actual): readonly Step[] {
  if (settings.serviceManager === 'process') return [];
  const { user, group } = settings;
  const steps: Step[] = [];
  if (!installation.groupExists) {
    steps.push({
      id: 'user.group',
      title: `create the system group ${group}`,
      detail: `there is no group ${group}`,
      stage: 'prepare',
      verb: 'create',
      actions: [{ kind: 'command', argv: ['groupadd', '--system', group] }],
    });
  }
  if (installation.user === undefined) {
    const argv = [
      'useradd',
      '--system',
      '--gid',
      group,
      '--comment',
      USER_GECOS,
      '--no-create-home',
      '--home-dir',
      '/nonexistent',
      '--shell',
      '/usr/sbin/nologin',
      user,
    ];
    steps.push({
      id: 'user.user',
      title: `create the system user ${user}`,
      detail: `there is no user ${user}; it gets no shell and no home`,
      stage: 'prepare',
      verb: 'create',
      actions: [{ kind: 'command', argv }],
    });
  }
  if (installation.user?.gecos === USER_GECOS && installation.user.group !== group)
    steps.push({
      id: 'user.user',
      title: `change the primary group of ${user} to ${group}`,
      detail: `expected ${group}, found ${installation.user.group}`,
      stage: 'prepare',
      verb: 'change',
      actions: [{ kind: 'command', argv: ['usermod', '--gid', group, user] }],
    });
  return steps;
}
