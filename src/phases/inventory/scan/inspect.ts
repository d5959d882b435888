import type { OllamaHost, OllamaProcess, ServerSettings } from '../../../facts/ollama-server/answer.ts';
import type { Inspection, StatedSettings } from './scan.ts';

const DEFAULT_PORT = '11434';

/**
 * The settings of the server behind a URL, from the answer of its host; a text is the reason why they are unknown. `others` are the other
 * backends on the same host. `answers`: it answered over HTTP, so a server on another port may be behind it.
 */
export function inspectionOf(
  { processes, unit }: OllamaHost,
  url: string,
  others: readonly string[],
  answers: boolean,
): Inspection | string {
  const port = portOfUrl(url);
  const ofUnit = (): Inspection | string => {
    if (unit === undefined) return 'no process `ollama serve` and no unit ollama.service was found';
    if (unit.unreadable.length > 0) return `${unit.unreadable.join(', ')} of the unit may be read by root alone`;
    return { source: 'unit', ...readSettings(unit.settings) };
  };
  if (processes.length === 0) return others.length === 0 ? ofUnit() : 'no process `ollama serve` was found';
  const chosen = processOf(processes, port, answers ? others.map(portOfUrl) : undefined);
  if (chosen === undefined) return `expected one server on port ${port}, found: ${processes.map(listens).join(', ')}`;
  const isUnit = unit !== undefined && [chosen.pid, chosen.parent].includes(unit.pid);
  const container = chosen.container === undefined ? {} : { container: chosen.container };
  if (chosen.settings === undefined)
    return isUnit
      ? ofUnit()
      : `the environment of the server (process ${String(chosen.pid)}) may be read by root alone`;
  const { stated, remarks } = readSettings(chosen.settings);
  const late = isUnit && unit.unreadable.length === 0 ? notApplied(unit.settings, chosen.settings) : [];
  return { source: 'process', stated, remarks: [...remarks, ...late], ...container };
}

/** The process that listens on the port; behind a proxy or a published port, the only process that is no other backend’s. */
function processOf(
  processes: readonly OllamaProcess[],
  port: string,
  others: readonly string[] | undefined,
): OllamaProcess | undefined {
  // The port of a container's process is that of the container, not of the host.
  const listensOn = ({ container, settings }: OllamaProcess, wanted: string): boolean =>
    container === undefined && portOf(settings) === wanted;
  const onPort = processes.filter((process) => listensOn(process, port));
  if (onPort.length > 0) return onPort.length === 1 ? onPort[0] : undefined;
  if (others === undefined) return undefined;
  const left = processes.filter((process) => !others.some((other) => listensOn(process, other)));
  return left.length === 1 && others.length === processes.length - 1 ? left[0] : undefined;
}

function listens({ settings, container }: OllamaProcess): string {
  return `${settings === undefined ? 'one whose port is unknown' : `port ${portOf(settings) ?? ''}`}${container === undefined ? '' : ` in ${container}`}`;
}

function portOfUrl(url: string): string {
  const { port, protocol } = new URL(url);
  return port === '' ? (protocol === 'https:' ? '443' : '80') : port;
}

/** The port of OLLAMA_HOST as Ollama reads it (envconfig.Host); `undefined` if the settings are unknown. */
function portOf(settings: ServerSettings | undefined): string | undefined {
  if (settings === undefined) return undefined;
  const host = settings['OLLAMA_HOST'] ?? '';
  const scheme = /^(\w+):\/\//.exec(host)?.[1];
  const rest = host.replace(/^\w+:\/\//, '').replace(/\/.*$/, '');
  const port = /^(?:[^:]*|\[[^\]]*\]):(\d+)$/.exec(rest)?.[1];
  return port ?? (scheme === 'http' ? '80' : scheme === 'https' ? '443' : DEFAULT_PORT);
}

const NUMBERS = {
  numParallel: 'OLLAMA_NUM_PARALLEL',
  contextLength: 'OLLAMA_CONTEXT_LENGTH',
  maxLoadedModels: 'OLLAMA_MAX_LOADED_MODELS',
} as const;
const KEEP_ALIVE = 'OLLAMA_KEEP_ALIVE';

function readSettings(settings: ServerSettings): Pick<Inspection, 'stated' | 'remarks'> {
  const remarks: string[] = [];
  const stated: { -readonly [K in keyof StatedSettings]: StatedSettings[K] } = {};
  for (const [field, name] of Object.entries(NUMBERS) as [keyof typeof NUMBERS, string][]) {
    const text = settings[name] ?? '';
    if (text === '') continue;
    if (/^\d{1,9}$/.test(text)) stated[field] = Number(text);
    else remarks.push(`${name}=${text} is no number, so Ollama uses its default`);
  }
  const keepAlive = settings[KEEP_ALIVE] ?? '';
  if (keepAlive !== '') stated.keepAlive = keepAlive;
  return { stated, remarks };
}

/** The settings of the unit that the running server does not have. */
function notApplied(unit: ServerSettings, running: ServerSettings): readonly string[] {
  return [...Object.values(NUMBERS), KEEP_ALIVE].flatMap((name) => {
    const [wanted = '', is = ''] = [unit[name], running[name]];
    return wanted === is
      ? []
      : [
          `ollama.service has ${wanted === '' ? `no ${name}` : `${name}=${wanted}`}, and the running server ${is === '' ? 'none' : is}: sudo systemctl daemon-reload && sudo systemctl restart ollama`,
        ];
  });
}
