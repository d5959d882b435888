import type { HostConfig } from '../../config/config.ts';
import { randomId } from '../../core/id.ts';
import type { PhaseTools } from '../../core/phase.ts';
import { ok } from '../../core/problem.ts';
import { ask } from '../../facts/ask.ts';
import type { Answer } from '../../facts/question.ts';
import { askTrust } from './ask-trust.ts';
import { followUpsOf } from './follow-up.ts';
import { hasWayIn, questionsFor, type HostFacts, type PreflightCheck, type PreflightSubject } from './subject.ts';

/** Longer than the time limit of any single question, and of a sudo that hangs before it; otherwise the host would count as not reached. */
const ASK_TIMEOUT_MS = 90_000;

/** The system sends the first packet again after 1 s and after 3 s. */
const TRIAL_TIMEOUT_MS = 4000;

/** Connects to one host and asks the questions of these checks. Keeps the script, the raw answers and the facts read from them. */
export async function askHost(
  host: HostConfig,
  checks: readonly PreflightCheck[],
  { connect, recorder, signal, nowMs }: PhaseTools,
): Promise<PreflightSubject> {
  const { target, become, settings } = host;
  recorder.event({ kind: 'progress', host: target.name, text: 'connecting' });
  const connected = await connect(target, signal);
  if (!connected.ok) return { host, seen: { reached: false, problem: connected.problems[0] } };
  try {
    recorder.event({ kind: 'progress', host: target.name, text: 'asking' });
    const fromMs = nowMs();
    let hostEndMs = Number.NaN;
    const keep = (answers: ReadonlyMap<string, Answer>, script: string, endedMs: number): void => {
      hostEndMs = endedMs;
      recorder.file(`hosts/${target.name}/questions.sh`, `${script}\n`);
      recorder.file(`hosts/${target.name}/answers.json`, openAnswers(answers));
    };
    const keepMore = (answers: ReadonlyMap<string, Answer>, script: string): void => {
      recorder.file(`hosts/${target.name}/more-questions.sh`, `${script}\n`);
      recorder.file(`hosts/${target.name}/more-answers.json`, openAnswers(answers));
    };
    const names = namesOf(checks);
    // At the same time as the questions: it costs no wait of its own.
    const trying =
      hasWayIn(settings) && (names === undefined || names.has('firewall'))
        ? connected.value.tryPort(settings.port, { signal, timeoutMs: TRIAL_TIMEOUT_MS })
        : undefined;
    const asked = await ask(connected.value, questionsFor(settings, names), randomId(), {
      signal,
      timeoutMs: ASK_TIMEOUT_MS,
      become,
      keep,
    });
    if (!asked.ok) return { host, seen: { reached: false, problem: asked.problems[0] } };
    const askedMs = { fromMs, toMs: nowMs(), hostEndMs };
    const followUps = followUpsOf(settings, asked.value);
    const limits = { signal, timeoutMs: ASK_TIMEOUT_MS, become };
    // Both wait for the first answers alone.
    const [more, trust] = await Promise.all([
      Object.keys(followUps).length === 0
        ? ok({})
        : ask(connected.value, followUps, randomId(), { ...limits, keep: keepMore }),
      askTrust(connected.value, settings, asked.value, checks, signal),
    ]);
    if (!more.ok) return { host, seen: { reached: false, problem: more.problems[0] } };
    recorder.file(`hosts/${target.name}/facts.json`, {
      ...shortFacts(asked.value),
      ...more.value,
      trial: await trying,
      tls: Object.fromEntries(trust),
    });
    const seen = {
      reached: true,
      facts: asked.value,
      followUps: more.value,
      trial: await trying,
      askedMs,
      trust,
    } as const;
    return { host, seen };
  } finally {
    await connected.value.close();
  }
}

/** The names of their questions; `undefined` stands for all, which a check without names needs. */
function namesOf(checks: readonly PreflightCheck[]): ReadonlySet<string> | undefined {
  const names = checks.map(({ asks }) => asks);
  return names.includes(undefined) ? undefined : new Set(names.flatMap((some) => some ?? []));
}

// The answers about foreign files and drop-ins may hold secrets in base64, which redaction cannot see. facts.json has the facts
// read from them. A list of authorities is 200 kB, and the same on most hosts.
function openAnswers(answers: ReadonlyMap<string, Answer>): object {
  return Object.fromEntries([...answers].filter(([name]) => !['foreign', 'dropIns', 'trustStore'].includes(name)));
}

function shortFacts(facts: HostFacts): object {
  const { trustStore }: Partial<HostFacts> = facts;
  if (trustStore === undefined || !trustStore.known) return facts;
  const { certificates, others, ...rest } = trustStore.value;
  const numbers = { certificates: certificates.length, others: others.length };
  return { ...facts, trustStore: { known: true, value: { ...rest, ...numbers } } };
}
