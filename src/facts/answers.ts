import { errorMessage } from '../core/error.ts';
import { CUT, DEFAULT_TIMEOUT_S, type Answer, type Fact, type Question } from './question.ts';

/** Splits the output into answers. */
export function split(stdout: string, nonce: string): ReadonlyMap<string, Answer> {
  const answers = new Map<string, Answer>();
  for (const part of stdout.split(`${nonce}:begin:`).slice(1)) {
    const start = part.indexOf('\n') + 1;
    const end = part.indexOf(`\n${nonce}:end:`);
    if (end < 0) continue;
    const exitCode = Number(/^\d+/.exec(part.slice(end + nonce.length + 6))?.[0] ?? 'NaN');
    answers.set(part.slice(0, start - 1), { stdout: part.slice(start, Math.max(start, end)), exitCode });
  }
  return answers;
}

/** The last line that sudo said instead of answers. */
export function refusalOf(stdout: string, nonce: string): string {
  const start = stdout.indexOf(`${nonce}:sudo\n`);
  if (start < 0) return '';
  const said = stdout.slice(start + nonce.length + 6);
  const end = said.indexOf(`${nonce}:`);
  return (end < 0 ? said : said.slice(0, end)).trim().split('\n').at(-1) ?? '';
}

/** The fact of an answer. `refusal` is the last line of sudo; `moreS` is what the questions beside it added to its time limit. */
export function factOf(
  question: Question<unknown> | undefined,
  answer: Answer | undefined,
  refusal: string,
  moreS = 0,
): Fact<unknown> {
  if (question === undefined || answer === undefined)
    return question?.as === 'root'
      ? {
          known: false,
          why: `it needs root, and sudo ${refusal === '' ? 'gave no answer' : `said: ${refusal}`}`,
          refusal,
        }
      : { known: false, why: 'the host gave no answer' };
  if (answer.exitCode === 124 || answer.exitCode === 137)
    return { known: false, why: `no answer within ${String((question.timeoutS ?? DEFAULT_TIMEOUT_S) + moreS)} s` };
  try {
    return { known: true, value: question.parse(answer) };
  } catch (error) {
    const { length } = answer.stdout;
    const why =
      answer.exitCode === CUT ? `the answer broke off after ${String(length)} characters` : errorMessage(error);
    return { known: false, why };
  }
}
