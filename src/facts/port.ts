import type { Question } from './question.ts';

/** Local addresses that listen on a port. Empty: the port is free. */
export type Listeners = readonly string[];

// A busy host has thousands of connections; only the listening ones are needed.
const SCRIPT = 'grep -hE "local_address|:[0-9A-F]{4} 0A " /proc/net/tcp /proc/net/tcp6 || true';

/** The listeners on a TCP port, from the kernel's table, which needs no tool and no privilege. */
export function portQuestion(port: number): Question<Listeners> {
  return { script: SCRIPT, as: 'user', parse: ({ stdout }) => parseListeners(stdout, port) };
}

const LISTEN = '0A';

/** Parses proc_pid_net(5): local addresses in state LISTEN with this port. */
export function parseListeners(text: string, port: number): Listeners {
  if (!text.includes('local_address')) throw new Error('/proc/net/tcp could not be read');
  return text.split('\n').flatMap((line) => {
    const [, address, hexPort, state] = /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ ([0-9A-F]{2}) /.exec(line) ?? [];
    if (address === undefined || hexPort === undefined || state !== LISTEN || Number.parseInt(hexPort, 16) !== port)
      return [];
    return [readAddress(address)];
  });
}

// 32-bit words in the host's byte order. All supported architectures are little-endian.
function readAddress(hex: string): string {
  const words = (hex.match(/.{8}/g) ?? []).map((word) => (word.match(/../g) ?? []).toReversed());
  if (words.length === 1) return (words[0] ?? []).map((byte) => Number.parseInt(byte, 16)).join('.');
  const groups = words.flatMap(([a = '', b = '', c = '', d = '']) =>
    [a + b, c + d].map((group) => group.toLowerCase().replace(/^0{1,3}/, '')),
  );
  return `[${compress(groups)}]`;
}

function compress(groups: readonly string[]): string {
  const text = groups.join(':');
  const runs = [...text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].toSorted((a, b) => b[0].length - a[0].length);
  const [run] = runs;
  if (run === undefined) return text;
  const [before, after] = [text.slice(0, run.index), text.slice(run.index + run[0].length)];
  return `${before}::${after.replace(/^:/, '')}`;
}
