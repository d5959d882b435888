import type { Line } from '../wire/line.ts';
import type { Reply } from '../wire/reply.ts';
import { Gone, Refusal } from '../wire/refusal.ts';
import { wait, waitForEnd } from '../wire/wait.ts';
import type { Fault } from './fault.ts';

/** The request, connection and runner that a fault acts on. */
export interface Victim {
  readonly line: Line;
  readonly signal: AbortSignal;
  readonly reply: Pick<Reply<never>, 'garbage'>;
  /** Kills the model's runner with all its answers. */
  readonly kill: () => void;
}

/** Returns a function that strikes once the answer has `after` chunks. It throws if the fault ends the answer. */
export function createStrike(
  fault: Fault | undefined,
  victim: Victim,
): (said: number, last: boolean) => Promise<'go' | 'give-up'> {
  let struck = fault === undefined;
  return async (said, last) => {
    if (fault === undefined || struck || (said < (fault.after ?? 0) && !last)) return 'go';
    struck = true;
    return strike(fault, victim);
  };
}

/** Strikes now. */
export async function strike(fault: Fault, victim: Victim): Promise<'go' | 'give-up'> {
  switch (fault.kind) {
    case 'error':
      throw new Refusal(fault.status ?? 500, fault.message ?? 'simulated failure');
    case 'slow-load':
    case 'failed-load':
      return 'go';
    case 'stall':
      if (fault.ms === undefined) return waitForEnd(victim.signal);
      await wait(fault.ms, victim.signal);
      return 'go';
    case 'die':
      victim.kill();
      throw new Gone();
    case 'cut':
      victim.line.sever('fin');
      throw new Gone();
    case 'reset':
      victim.line.sever('reset');
      throw new Gone();
    case 'garbage':
      await victim.reply.garbage('<html>502 Bad Gateway</html>');
      return 'go';
    case 'repeat':
      return 'give-up';
  }
}
