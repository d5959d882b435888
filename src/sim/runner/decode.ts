import { Refusal, Gone } from '../wire/refusal.ts';
import { nowMs } from '../wire/time.ts';
import { StopWatch } from '../text/stop.ts';
import type { Spoken } from '../text/spoken.ts';
import type { Processor } from './processor.ts';
import type { Runner } from './runner.ts';

/** One answer to generate. */
export interface Task {
  readonly prompt: readonly string[];
  readonly speech: Iterable<Spoken>;
  readonly numPredict: number;
  readonly stop: readonly string[];
  /** Sends one token of the answer. The runner waits for it. */
  readonly say: (piece: Spoken) => Promise<void>;
  /** Called before each token with the number of tokens sent so far. `give-up` ends the answer without a reason. */
  readonly before: (said: number, last: boolean) => Promise<'go' | 'give-up'>;
}

/** How an answer ended. `reason` is undefined if the runner gave up on a model that repeats itself. */
export interface Outcome {
  readonly reason: 'stop' | 'length' | undefined;
  readonly promptCount: number;
  readonly promptMs: number;
  readonly evalCount: number;
  readonly evalMs: number;
}

const DIED =
  'model runner has unexpectedly stopped, this may be due to resource limitations or an internal error, check ollama server logs for details';
const DIED_TALKING = 'an error was encountered while running the model: unexpected EOF';

/**
 * Generates one answer in one of the runner's slots. A client that leaves frees the slot within a token; during
 * prefill, only when prefill has ended. Throws Gone if the client left, and a Refusal if the runner died.
 */
export async function decode(runner: Runner, task: Task, processor: Processor, client: AbortSignal): Promise<Outcome> {
  const death = runner.death.signal;
  const either = AbortSignal.any([client, death]);
  const said: string[] = [];
  try {
    const place = await runner.slots.enter(task.prompt, either);
    try {
      return await work(runner, task, processor, { client, death, either, known: place.known, said });
    } finally {
      place.leave([...task.prompt, ...said]);
    }
  } catch (error) {
    if (error instanceof Gone && death.aborted && !client.aborted)
      throw new Refusal(500, said.length > 0 ? DIED_TALKING : DIED);
    throw error;
  }
}

interface Circumstances {
  readonly client: AbortSignal;
  readonly death: AbortSignal;
  readonly either: AbortSignal;
  readonly known: number;
  readonly said: string[];
}

async function work(runner: Runner, task: Task, processor: Processor, now: Circumstances): Promise<Outcome> {
  const startedMs = nowMs();
  const readMs = await processor.read(runner, task.prompt.length - now.known, now.death);
  runner.answers += 1;
  try {
    return await answer(runner, task, processor, now, { startedMs, readMs });
  } finally {
    runner.answers -= 1;
  }
}

async function answer(
  runner: Runner,
  task: Task,
  processor: Processor,
  now: Circumstances,
  { startedMs, readMs }: { readonly startedMs: number; readonly readMs: number },
): Promise<Outcome> {
  const limit = task.numPredict < 0 ? 10 * runner.options.numCtx : task.numPredict === 0 ? Infinity : task.numPredict;
  const watch = new StopWatch(task.stop);
  let firstMs = nowMs();
  let evalCount = 0;
  let tokenMs = readMs;
  const outcome = (reason: Outcome['reason']): Outcome => ({
    reason,
    promptCount: task.prompt.length,
    promptMs: firstMs - startedMs,
    evalCount,
    evalMs: evalCount > 1 ? nowMs() - firstMs : 0,
  });
  const say = async (piece: Spoken): Promise<boolean> => {
    if (piece.text === '' && piece.calls === undefined) return true;
    if ((await task.before(now.said.length, false)) === 'give-up') return false;
    now.said.push(piece.text);
    await runner.blockOn(task.say(piece));
    return true;
  };
  for (const token of task.speech) {
    tokenMs = await processor.token(runner, tokenMs, now.either);
    await runner.flowing();
    if (now.either.aborted) throw new Gone();
    evalCount += 1;
    if (evalCount === 1) firstMs = nowMs();
    const seen =
      token.kind === 'text'
        ? watch.push(token.text)
        : { text: token.kind === 'hidden' ? '' : token.text, stopped: false };
    if (!(await say({ ...token, text: seen.text }))) return outcome(undefined);
    if (seen.stopped) return await end(task, now, outcome('stop'));
    if (evalCount >= limit) break;
  }
  const cut = evalCount >= limit;
  if (!(await say({ kind: 'text', text: watch.rest() }))) return outcome(undefined);
  // The end-of-answer token counts, though it has no text.
  if (!cut) evalCount += 1;
  return end(task, now, outcome(cut ? 'length' : 'stop'));
}

async function end(task: Task, now: Circumstances, outcome: Outcome): Promise<Outcome> {
  const verdict = await task.before(now.said.length, true);
  return verdict === 'give-up' ? { ...outcome, reason: undefined } : outcome;
}
