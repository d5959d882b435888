import type { DocumentPath } from './issue.ts';
import type { IssueList } from './section.ts';
import { LITELLM_PARAMS, isLitellmKey } from './sections/model-list.ts';
import { OLLAMA_OPTIONS } from './sections/ollama-options.ts';

/** Keys of LiteLLM that are fields of a request as well. */
const SENT: ReadonlySet<string> = new Set([
  'max_tokens',
  'max_completion_tokens',
  'reasoning_effort',
  'think',
  'keep_alive',
]);

/** Fields that the gateway writes itself. */
const OWN: ReadonlySet<string> = new Set('model messages prompt input stream stream_options n best_of'.split(' '));

/** Options of Ollama's own runner, which other servers do not have. */
const OLLAMAS: ReadonlySet<string> = new Set(
  'num_ctx num_batch num_gpu main_gpu num_thread use_mmap num_keep num_predict'.split(' '),
);

/**
 * The fields that an entry of a server with `/v1` adds to its requests, as LiteLLM does: its parameters and those of `extra_body`, which
 * count first. `read` are the parameters as read. `undefined`: none.
 */
export function readBodyFields(
  given: Readonly<Record<string, unknown>>,
  read: Readonly<Record<string, unknown>>,
  at: DocumentPath,
  findings: IssueList,
): Readonly<Record<string, unknown>> | undefined {
  const fields: Record<string, unknown> = {};
  for (const [name, written] of Object.entries(given)) {
    const isField = SENT.has(name) || !(Object.hasOwn(LITELLM_PARAMS, name) || isLitellmKey(name));
    const value = Object.hasOwn(OLLAMA_OPTIONS, name) || SENT.has(name) ? read[name] : written;
    if (!isField || value === undefined || value === null) continue;
    if (OLLAMAS.has(name)) findings.unknownKey([...at, name], name, [], AS_A_FIELD);
    fields[name] = value;
  }
  const extra = read['extra_body'];
  for (const [name, value] of Object.entries(typeof extra === 'object' && extra !== null ? extra : {}))
    if (OWN.has(name)) findings.notHonoured([...at, 'extra_body', name], name);
    else fields[name] = value;
  return Object.keys(fields).length === 0 ? undefined : fields;
}

/** The effect of an unknown key of an entry of a server with `/v1`. */
export const AS_A_FIELD = 'sent to the server as a field of each request';
