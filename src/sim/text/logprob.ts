import { Random } from './random.ts';

interface Likelihood {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[];
}

/** The log probability of a token and of its alternatives. */
export interface Logprob extends Likelihood {
  readonly top_logprobs?: readonly Likelihood[] | undefined;
}

const OTHERS = [' the', ' and', ' of', ',', '.', ' to', ' in', ' is'];

/** The log probability of a token, with the `top` most likely tokens. */
export function logprobOf(token: string, top: number): Logprob {
  const random = new Random(`logprob ${token}`);
  const own = likelihood(token, -random.next());
  const others = Array.from({ length: top }, (_, index) =>
    index === 0 ? own : likelihood(OTHERS[index % OTHERS.length] ?? '', own.logprob - index),
  );
  return top > 0 ? { ...own, top_logprobs: others } : own;
}

function likelihood(token: string, logprob: number): Likelihood {
  return { token, logprob, bytes: [...Buffer.from(token)] };
}
