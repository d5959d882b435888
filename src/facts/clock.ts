import type { Question } from './question.ts';

/** A host's clock. */
export interface Clock {
  /** The host's time at the moment of the question. */
  readonly nowMs: number;
  /** Whether the kernel reports the clock as synchronized; `undefined` without timedatectl. */
  readonly synchronized: boolean | undefined;
}

/** The host's time, and whether a daemon keeps it. */
export const clockQuestion: Question<Clock> = {
  script: 'date +%s%3N && timedatectl show -p NTPSynchronized || true',
  as: 'user',
  parse: ({ stdout }) => parseClock(stdout),
};

/** Parses milliseconds since 1970 and timedatectl's property. */
export function parseClock(text: string): Clock {
  const nowMs = Number(/^\d{12,}$/m.exec(text)?.[0] ?? 'NaN');
  if (Number.isNaN(nowMs)) throw new Error('date gave no answer');
  const synchronized = /^NTPSynchronized=(yes|no)$/m.exec(text)?.[1];
  return { nowMs, synchronized: synchronized === undefined ? undefined : synchronized === 'yes' };
}
