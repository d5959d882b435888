import type { ServerHost } from '../../../config/config.ts';
import { randomId } from '../../../core/id.ts';
import type { PhaseTools } from '../../../core/phase.ts';
import { inWords } from '../../../core/problem.ts';
import { ask } from '../../../facts/ask.ts';
import type { OllamaHost } from '../../../facts/ollama-server/answer.ts';
import { ollamaHostQuestion } from '../../../facts/ollama-server/question.ts';
import { inspectionOf } from './inspect.ts';
import type { Scan, ScannedServer, ScanRequest } from './scan.ts';

/** Longer than the time limit of the question. */
const ASK_TIMEOUT_MS = 60_000;

/** Asks all backends over HTTP, and their hosts over SSH, at once. One that does not answer does not hide the others. */
export async function scanServers(
  urls: readonly string[],
  { hosts, askServer }: ScanRequest,
  tools: PhaseTools,
): Promise<Scan> {
  const owners = new Map(urls.map((url) => [url, hostOf(url, hosts ?? [])]));
  const named = new Set(owners.values());
  tools.recorder.event({ kind: 'progress', host: '-', text: `asking ${urls.join(', ')}` });
  const asked = new Map<ServerHost, ReturnType<typeof askServerHost>>();
  for (const host of named) if (host !== undefined) asked.set(host, askServerHost(host, tools));
  const servers = urls.map(async (url): Promise<ScannedServer> => {
    const owner = owners.get(url);
    const [reply, said] = await Promise.all([askServer(url), owner === undefined ? undefined : asked.get(owner)]);
    const http = reply.ok ? { answer: reply.value } : { problem: reply.problems[0] };
    const head = { url, label: labelOf(url, urls), ...http };
    if (owner === undefined || said === undefined)
      return {
        ...head,
        unknown:
          hosts === undefined ? 'the inventory has no group [ollama]' : 'no host of [ollama] has this name or address',
      };
    const known = { ...head, host: owner.target.name };
    if (typeof said === 'string') return { ...known, unknown: said };
    const inspection = inspectionOf(said.said, url);
    if (typeof inspection !== 'string') return { ...known, inspection };
    return { ...known, unknown: said.refusal === undefined ? inspection : `${inspection}; ${said.refusal}` };
  });
  return {
    servers: await Promise.all(servers),
    overSsh: hosts !== undefined,
    otherHosts: (hosts ?? []).filter((host) => !named.has(host)).map(({ target }) => target.name),
  };
}

/** The host of `[ollama]` with the name or address of the URL; else the only one with its first label. */
function hostOf(url: string, hosts: readonly ServerHost[]): ServerHost | undefined {
  const name = new URL(url).hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const namesOf = ({ target }: ServerHost): readonly string[] =>
    [target.name, target.address].map((text) => text.toLowerCase());
  const exact = hosts.filter((host) => namesOf(host).includes(name));
  if (exact.length > 0) return exact[0];
  if (/^[\d.]+$|:/.test(name)) return undefined;
  const label = (text: string): string => text.split('.', 1)[0] ?? '';
  // Two full names differ in their domain, so one of the two must be a short one.
  const close = hosts.filter((host) =>
    namesOf(host).some((text) => label(text) === label(name) && (!text.includes('.') || !name.includes('.'))),
  );
  return close.length === 1 ? close[0] : undefined;
}

function labelOf(url: string, all: readonly string[]): string {
  const { hostname, host } = new URL(url);
  const short = (text: string): string => (/^[\d.]+$|:/.test(text) ? text : (text.split('.', 1)[0] ?? text));
  const same = all.filter((other) => short(new URL(other).hostname) === short(hostname));
  return same.length === 1 ? short(hostname) : host;
}

/** Asks a host for its servers: as root, and as the user for what stays if sudo refuses. A text is the reason why nothing is known. */
async function askServerHost(
  { target, become }: ServerHost,
  { connect, recorder, signal }: PhaseTools,
): Promise<{ readonly said: OllamaHost; readonly refusal?: string } | string> {
  const connected = await connect(target, signal);
  if (!connected.ok) return `${inWords(connected.problems[0])} ${connected.problems[0].fix}`;
  try {
    const questions = { asRoot: ollamaHostQuestion('root'), asUser: ollamaHostQuestion('user') };
    const asked = await ask(connected.value, questions, randomId(), {
      signal,
      timeoutMs: ASK_TIMEOUT_MS,
      become,
      keep: (answers, script) => {
        recorder.file(`hosts/${target.name}/questions.sh`, `${script}\n`);
        recorder.file(`hosts/${target.name}/answers.json`, Object.fromEntries(answers));
      },
    });
    if (!asked.ok) return inWords(asked.problems[0]);
    const { asRoot, asUser } = asked.value;
    recorder.file(`hosts/${target.name}/facts.json`, asked.value);
    if (asRoot.known) return { said: asRoot.value };
    return asUser.known ? { said: asUser.value, refusal: asRoot.why } : asRoot.why;
  } finally {
    await connected.value.close();
  }
}
