import type { ServerHost } from '../../../config/config.ts';
import { randomId } from '../../../core/id.ts';
import { FORKS, startInParallel } from '../../../core/parallel.ts';
import type { PhaseTools } from '../../../core/phase.ts';
import { inWords, type Result } from '../../../core/problem.ts';
import { ask } from '../../../facts/ask.ts';
import type { OllamaHost } from '../../../facts/ollama-server/answer.ts';
import { ollamaHostQuestion } from '../../../facts/ollama-server/question.ts';
import { inspectionOf } from './inspect.ts';
import type { Scan, ScannedServer, ScanRequest, ServerAnswer, ThroughGateway } from './scan.ts';

/** Longer than the time limit of the question. */
const ASK_TIMEOUT_MS = 60_000;

/** Asks all backends over HTTP, and their hosts over SSH, at once. A server that does not answer does not hide the others. */
export async function scanServers(
  urls: readonly string[],
  { hosts, askServer, throughGateway }: ScanRequest & { readonly throughGateway: ThroughGateway },
  tools: PhaseTools,
): Promise<Scan> {
  const owners = new Map(urls.map((url) => [url, hostOf(url, hosts ?? [])]));
  const named = new Set(owners.values());
  tools.recorder.event({ kind: 'progress', host: '-', text: `asking ${urls.join(', ')}` });
  const asked = new Map<ServerHost, ReturnType<typeof askServerHost>>();
  const reached = [...named].filter((host) => host !== undefined);
  const asking = startInParallel(reached, tools.forks ?? FORKS, (host) => askServerHost(host, tools));
  for (const [index, host] of reached.entries()) {
    const answer = asking[index];
    if (answer !== undefined) asked.set(host, answer);
  }
  const direct = await Promise.all(urls.map(askServer));
  const silent = direct.flatMap((reply, index) =>
    reply.ok ? [] : [{ url: urls[index] ?? '', problem: reply.problems[0] }],
  );
  const relayed = await throughGateway(silent);
  const replies = new Map<string, Result<ServerAnswer & { readonly from?: string }>>(
    urls.flatMap((url, index) => {
      const reply = relayed.get(url) ?? direct[index];
      return reply === undefined ? [] : [[url, reply] as const];
    }),
  );
  const servers = urls.map(async (url): Promise<ScannedServer> => {
    const owner = owners.get(url);
    const said = owner === undefined ? undefined : await asked.get(owner);
    const reply = replies.get(url);
    const http = httpOf(reply);
    const head = { url, label: labelOf(url, urls), ...http };
    if (owner === undefined || said === undefined)
      return {
        ...head,
        unknown:
          hosts === undefined ? 'the inventory has no group [ollama]' : 'no host of [ollama] has this name or address',
      };
    const gpus = said.said === undefined ? {} : { gpus: said.said.gpus };
    const known = { ...head, host: owner.target.name, ...gpus };
    const others = urls.filter((other) => other !== url && owners.get(other) === owner);
    const inspection = said.said === undefined ? '' : inspectionOf(said.said, url, others, reply?.ok === true);
    if (typeof inspection !== 'string') return { ...known, inspection };
    const remedy = said.remedy ?? `systemctl status ollama; ps -C ollama -o pid,args  # on ${owner.target.name}`;
    return { ...known, unknown: [inspection, said.unknown ?? ''].filter((text) => text !== '').join('; '), remedy };
  });
  return {
    servers: await Promise.all(servers),
    overSsh: hosts !== undefined,
    otherHosts: (hosts ?? []).filter((host) => !named.has(host)).map(({ target }) => target.name),
  };
}

function httpOf(
  reply: Result<ServerAnswer & { readonly from?: string }> | undefined,
): Pick<ScannedServer, 'answer' | 'problem' | 'from'> {
  if (reply === undefined) return {};
  if (!reply.ok) return { problem: reply.problems[0] };
  const { from, ...answer } = reply.value;
  return { answer, ...(from === undefined ? {} : { from }) };
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

/** The answer of a host. `unknown` is the reason why it is not root's, or why there is none. */
interface HostSaid {
  readonly said?: OllamaHost;
  readonly unknown?: string;
  readonly remedy?: string;
}

/** Asks a host for its servers: as root, and as the user for what stays if sudo refuses. */
async function askServerHost(
  { target, become }: ServerHost,
  { connect, recorder, signal }: PhaseTools,
): Promise<HostSaid> {
  const connected = await connect(target, signal);
  if (!connected.ok) return { unknown: inWords(connected.problems[0]), remedy: connected.problems[0].fix };
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
    if (!asked.ok) return { unknown: inWords(asked.problems[0]), remedy: asked.problems[0].fix };
    const { asRoot, asUser } = asked.value;
    recorder.file(`hosts/${target.name}/facts.json`, asked.value);
    if (asRoot.known) return { said: asRoot.value };
    const remedy = `hxllm inventory --scan --ask-become-pass  # or on ${target.name}: sudo systemctl show ollama -p Environment`;
    return { unknown: asRoot.why, remedy, ...(asUser.known ? { said: asUser.value } : {}) };
  } finally {
    await connected.value.close();
  }
}
