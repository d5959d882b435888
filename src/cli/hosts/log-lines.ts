import { isObject, parseJson } from '../../core/json.ts';

/** A line of a host's log. */
export interface LogLine {
  readonly host: string;
  /** Since 1970; `undefined` if the line has no time of its own. */
  readonly atMs: number | undefined;
  readonly text: string;
}

/** Splits a stream of bytes into lines; a character may come in two parts. */
export class LineSplitter {
  readonly #decoder = new TextDecoder();
  #rest = '';

  push(chunk: Uint8Array): readonly string[] {
    const lines = `${this.#rest}${this.#decoder.decode(chunk, { stream: true })}`.split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.filter((line) => line !== '');
  }

  /** The last line, if it has no end. */
  end(): readonly string[] {
    const rest = this.#rest;
    this.#rest = '';
    return rest === '' ? [] : [rest];
  }
}

/** Reads a line of `journalctl -o json`, or of the gateway itself. */
export function readLogLine(host: string, line: string): LogLine {
  const document = parseJson(line);
  if (!isObject(document)) return { host, atMs: undefined, text: line };
  const { MESSAGE: message, __REALTIME_TIMESTAMP: stamp, time } = document;
  if (stamp === undefined) return { host, atMs: typeof time === 'string' ? timeOf(time) : undefined, text: line };
  return { host, atMs: Number(stamp) / 1000, text: textOf(message) };
}

// journald writes a message with other bytes than UTF-8, or with control characters, as a list of numbers.
function textOf(message: unknown): string {
  if (typeof message === 'string') return message;
  return Array.isArray(message) ? new TextDecoder().decode(Uint8Array.from(message.map(Number))) : '';
}

function timeOf(text: string): number | undefined {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Orders lines of several hosts by time; a line without a time stays behind the one before it. */
export function byTime(lines: readonly LogLine[]): readonly LogLine[] {
  const last = new Map<string, number>();
  return lines
    .map((line) => {
      const atMs = line.atMs ?? last.get(line.host) ?? 0;
      last.set(line.host, atMs);
      return { line, atMs };
    })
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ line }) => line);
}
