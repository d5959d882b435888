import type { Become } from '../../../core/become.ts';
import type { Host } from '../../../core/host.ts';
import { randomId } from '../../../core/id.ts';
import { ok, type Result } from '../../../core/problem.ts';
import { ask } from '../../../facts/ask.ts';
import type { Answer, Fact, Question } from '../../../facts/question.ts';
import { ollamaDetailsQuestion } from '../../../facts/ollama-details.ts';
import { ollamaModelsQuestion, ollamaVersionQuestion } from '../../../facts/ollama.ts';
import { portQuestion } from '../../../facts/port.ts';
import { serviceHealthQuestion, type ServicePlace } from '../../../facts/service-health.ts';
import type { BackendSymptoms, HostSymptoms } from './diagnosis.ts';

/** The parts of the configuration that the questions to a host name. */
export interface HostPlace extends ServicePlace {
  readonly become: Become;
  readonly port: number;
  readonly backends: readonly string[];
  /** The names of the models on the servers. */
  readonly models: readonly string[];
}

const TIMEOUT_MS = 90_000;

/** Asks the host everything in one script: its service, its port, and its servers as it sees them. `keep` gets the raw answers. */
export async function askHost(
  host: Host,
  place: HostPlace,
  signal: AbortSignal,
  keep?: (answers: ReadonlyMap<string, Answer>) => void,
): Promise<Result<HostSymptoms>> {
  const { become, port, backends, models } = place;
  const perBackend = <T>(word: string, of: (url: string) => Question<T>): Readonly<Record<string, Question<T>>> =>
    Object.fromEntries(backends.map((url) => [`${word} ${url}`, of(url)]));
  const questions = {
    service: serviceHealthQuestion(place),
    listeners: portQuestion(port),
    ...perBackend('version', ollamaVersionQuestion),
    ...perBackend('models', ollamaModelsQuestion),
    ...perBackend('details', (url) => ollamaDetailsQuestion(url, models)),
  };
  const asked = await ask(host, questions, randomId(), {
    signal,
    timeoutMs: TIMEOUT_MS,
    become,
    ...(keep === undefined ? {} : { keep }),
  });
  if (!asked.ok) return asked;
  const facts: Readonly<Record<string, Fact<unknown>>> = asked.value;
  const missing: Fact<never> = { known: false, why: 'the host gave no answer' };
  const { service, listeners } = asked.value;
  return ok({
    service,
    listeners,
    // Each fact has the type of the question with its name.
    backends: backends.map(
      (url) =>
        ({
          url,
          version: facts[`version ${url}`] ?? missing,
          models: facts[`models ${url}`] ?? missing,
          details: facts[`details ${url}`] ?? missing,
        }) as BackendSymptoms,
    ),
  });
}
