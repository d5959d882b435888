import { connect, type Socket } from 'node:net';
import { plannedOf, type Seen, type SeenRound } from './plan.ts';

// A client in a process of its own, on bare sockets: it sends so many requests a second, whether the gateway keeps up or not. Started by fork:
// a message begins a round, and the next one asks for what was seen when the gateway is dead.

/** The message that begins a round. */
export interface Round {
  readonly port: number;
  readonly key: string;
  readonly perSecond: number;
  /** The number of the first request. */
  readonly first: number;
}

const MOST_OPEN = 250;
const TICK_MS = 4;
/** Requests that are made up for, after a time in which all connections were busy, as a share of a second. */
const MOST_BEHIND_S = 1;

class RunningRound {
  readonly #round: Round;
  readonly #seen: Seen[] = [];
  readonly #idle: Socket[] = [];
  readonly #open = new Map<Socket, Seen>();
  readonly #timer: NodeJS.Timeout;
  #sent = 0;
  #beginMs = performance.now();
  #firstMs: number | undefined;
  #endMs = 0;
  #ended = 0;
  #isOver = false;
  #connections = 0;

  constructor(round: Round) {
    this.#round = round;
    this.#timer = setInterval(() => {
      this.#tick();
    }, TICK_MS);
  }

  end(): SeenRound {
    this.#over();
    for (const socket of [...this.#open.keys(), ...this.#idle]) socket.destroy();
    const upMs = this.#firstMs === undefined ? 0 : this.#endMs - this.#firstMs;
    return { seen: this.#seen, upMs, ended: this.#ended };
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#endMs = performance.now();
    clearInterval(this.#timer);
  }

  #tick(): void {
    const { perSecond } = this.#round;
    const seconds = (performance.now() - this.#beginMs) / 1000;
    const behind = seconds - this.#sent / perSecond;
    if (behind > MOST_BEHIND_S) this.#beginMs += (behind - MOST_BEHIND_S) * 1000;
    while (this.#sent < seconds * perSecond && this.#open.size < MOST_OPEN && !this.#isOver) {
      const socket = this.#idle.pop() ?? this.#connect();
      if (socket === undefined) return;
      this.#send(socket);
    }
  }

  #connect(): Socket | undefined {
    if (this.#connections >= MOST_OPEN) return undefined;
    this.#connections += 1;
    const socket = connect(this.#round.port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
    let text = '';
    socket.on('data', (piece: string) => {
      text += piece;
      const seen = this.#open.get(socket);
      if (seen === undefined || !this.#note(socket, seen, text)) return;
      text = '';
      this.#open.delete(socket);
      this.#ended += 1;
      if (!socket.destroyed) this.#idle.push(socket);
    });
    // The first connection that breaks tells of the end of the gateway.
    socket.on('error', () => {
      this.#over();
    });
    socket.on('end', () => {
      this.#over();
    });
    socket.on('close', () => {
      this.#connections -= 1;
      this.#open.delete(socket);
      const at = this.#idle.indexOf(socket);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    return socket;
  }

  #send(socket: Socket): void {
    const number = this.#round.first + this.#sent;
    this.#sent += 1;
    const { isStream } = plannedOf(number);
    const stream = isStream ? '"stream":true,"stream_options":{"include_usage":true},' : '';
    const body = `{"model":"m",${stream}"user":"u${String(number)}","messages":[{"role":"user","content":"#${String(number)}#"}]}`;
    const seen: Seen = {
      number,
      outcome: 'cut',
      id: '',
      pieces: 0,
      promptTokens: undefined,
      completionTokens: undefined,
    };
    this.#seen.push(seen);
    this.#open.set(socket, seen);
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${this.#round.key}\r\ncontent-type: application/json\r\ncontent-length: ${String(body.length)}\r\n\r\n${body}`,
    );
  }

  /** Notes what has come of a response; returns whether it is over. */
  #note(socket: Socket, seen: Seen, text: string): boolean {
    const headEnd = text.indexOf('\r\n\r\n') + 4;
    if (headEnd === 3) return false;
    const head = text.slice(0, headEnd);
    seen.id = /^x-request-id: req_([0-9a-f]{32})/im.exec(head)?.[1] ?? '';
    const length = /^content-length: *(\d+)/im.exec(head)?.[1];
    seen.pieces = text.split('"content":"word').length - 1;
    const { kind, pieces } = plannedOf(seen.number);
    if (kind === 'left' && seen.pieces >= pieces) {
      seen.outcome = 'left';
      socket.destroy();
      return true;
    }
    if (length === undefined ? !text.endsWith('\r\n0\r\n\r\n') : text.length < headEnd + Number(length)) return false;
    if (this.#firstMs === undefined) process.send?.('answered');
    this.#firstMs ??= performance.now();
    seen.outcome = 'read';
    const tokens = /"prompt_tokens":(\d+),"completion_tokens":(\d+)/.exec(text);
    if (tokens !== null) [seen.promptTokens, seen.completionTokens] = [Number(tokens[1]), Number(tokens[2])];
    return true;
  }
}

let running: RunningRound | undefined;
process.on('message', (message: Round | 'end') => {
  if (message === 'end') {
    process.send?.(running?.end());
    running = undefined;
  } else running = new RunningRound(message);
});
process.on('disconnect', () => {
  process.exit();
});
