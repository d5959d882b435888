import type { Action } from './plan.ts';

/** A call of systemctl that never asks for a password. */
export function systemctl(...words: readonly string[]): Extract<Action, { kind: 'command' }> {
  return { kind: 'command', argv: ['systemctl', '--no-ask-password', ...words] };
}
