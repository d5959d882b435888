import { decodeBase64 } from '../base64.ts';
import { amdGpus, nvidiaGpus, type Gpus } from './gpus.ts';

/** Settings of a server by their names: `OLLAMA_NUM_PARALLEL`. Values are as they were written. */
export type ServerSettings = Readonly<Record<string, string>>;

/** A process `ollama serve` of a host. */
export interface OllamaProcess {
  readonly pid: number;
  /** `undefined`: its environment may not be read. */
  readonly settings: ServerSettings | undefined;
  /** The kind of the container that it runs in (`docker`, `podman` …), if it runs in one. */
  readonly container: string | undefined;
  /** Its unit of systemd. */
  readonly unit: string | undefined;
  /** The process that started it. */
  readonly parent: number;
}

/** The unit `ollama.service` of a host, with its drop-ins. */
export interface OllamaUnit {
  readonly active: boolean;
  /** 0: it does not run. */
  readonly pid: number;
  /** Its `Environment=` and then its files of `EnvironmentFile=`. */
  readonly settings: ServerSettings;
  /** Files of `EnvironmentFile=` that may not be read. */
  readonly unreadable: readonly string[];
}

/** A host’s Ollama servers and GPUs. */
export interface OllamaHost {
  readonly processes: readonly OllamaProcess[];
  /** `undefined`: there is none. */
  readonly unit: OllamaUnit | undefined;
  readonly gpus: Gpus;
}

/** Parses lines `process …`, `unit …`, each followed by its `setting NAME VALUE`, then `unreadable`, `nvidia` and `rocm`. */
export function parseOllamaHost(stdout: string): OllamaHost {
  const lines = stdout
    .split('\n')
    .map((line) => line.trim().split(' '))
    .map(([kind = '', ...words]) => ({ kind, words: words.map(decodeBase64) }));
  if (!lines.some(({ kind }) => kind === 'end')) throw new Error('the answer about Ollama is incomplete');
  const processes: OllamaProcess[] = [];
  let unit: OllamaUnit | undefined;
  let settings: Record<string, string> = {};
  for (const { kind, words } of lines) {
    const [first = '', second = '', third = '', fourth = '', fifth = ''] = words;
    if (kind === 'process') {
      settings = {};
      processes.push({
        pid: Number(first),
        settings: second === 'yes' ? settings : undefined,
        container: containerOf(fourth, third === 'yes'),
        unit: /([^/\n]+\.service)$/m.exec(fourth)?.[1],
        parent: Number(fifth),
      });
    } else if (kind === 'unit') {
      settings = {};
      if (first === 'loaded') unit = { active: second === 'active', pid: Number(third), settings, unreadable: [] };
    } else if (kind === 'setting') settings[first] = unquoted(second);
    else if (kind === 'unreadable' && unit !== undefined) unit = { ...unit, unreadable: [...unit.unreadable, first] };
  }
  const answerOf = (name: string): readonly string[] | undefined => lines.find(({ kind }) => kind === name)?.words;
  // A wrapper and the server that it started are one server.
  const servers = processes.filter(({ pid }) => !processes.some(({ parent }) => parent === pid));
  return { processes: servers, unit, gpus: { ...nvidiaGpus(answerOf('nvidia')), ...amdGpus(answerOf('rocm')) } };
}

// The paths of cgroups of docker, podman, containerd, Kubernetes and LXC.
const CONTAINERS = ['docker', 'libpod', 'podman', 'kubepods', 'containerd', 'lxc', 'machine.slice'] as const;

function containerOf(groups: string, inside: boolean): string | undefined {
  if (!inside) return undefined;
  const kind = CONTAINERS.find((word) => groups.includes(word));
  return kind === undefined || kind === 'machine.slice' ? 'a container' : kind === 'libpod' ? 'podman' : kind;
}

// As Ollama's own reader (envconfig.Var): blanks and quotation marks around a value do not count.
function unquoted(value: string): string {
  return value
    .trim()
    .replaceAll(/^["']+|["']+$/g, '')
    .trim();
}
