import { parseObject, type Json } from '../../json.ts';

const [LF, CR, COLON] = [0x0a, 0x0d, 0x3a];
const FIELD = Buffer.from('data');
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/** The most bytes of one event. */
const MOST_EVENT_BYTES = 64 * 1024 * 1024;
/** Memory that a line takes beside its text. */
const LINE_COST_BYTES = 64;
/** The most bytes between two events: of comments, of fields that say nothing here, and of blank lines. */
const MOST_IDLE_BYTES = 1024 * 1024;

/** The data of an event: a JSON object, or other text. */
export type EventData =
  | { readonly json: Json; readonly text: string }
  | { readonly json: undefined; readonly text: string };

/**
 * Reads the events of a stream as the standard has them (WHATWG HTML, 9.2.6): lines end in LF, CR or both, an event may have several lines
 * of data, and comments and other fields say nothing here. Two things are read that the standard has not: an event is complete with a line
 * that is a JSON object or `[DONE]` as a whole, since some servers send no blank line behind it; and so is the last one at the end.
 */
export class EventStream {
  readonly #onData: (data: EventData) => void;
  /** The beginning of a line. */
  #rest: Buffer[] = [];
  #restBytes = 0;
  /** The lines of data of an event that is not complete. */
  #lines: string[] = [];
  #eventBytes = 0;
  #idleBytes = 0;
  #isFirstLine = true;
  /** The last byte was a CR: an LF behind it ends no other line. */
  #isAfterCr = false;

  constructor(onData: (data: EventData) => void) {
    this.#onData = onData;
  }

  push(bytes: Buffer): void {
    let from = 0;
    let [lf, cr] = [placeOf(bytes, LF, 0), placeOf(bytes, CR, 0)];
    while (from < bytes.length) {
      if (this.#isAfterCr && bytes[from] === LF) from += 1;
      this.#isAfterCr = false;
      if (lf < from) lf = placeOf(bytes, LF, from);
      if (cr < from) cr = placeOf(bytes, CR, from);
      const end = Math.min(lf, cr);
      if (end === Infinity) break;
      this.#line(bytes.subarray(from, end));
      this.#isAfterCr = end === cr;
      from = end + 1;
    }
    if (from < bytes.length) this.#keep(bytes.subarray(from));
  }

  /** The stream has ended: an event that lacks only its blank line is complete, another one says nothing. */
  end(): void {
    if (this.#restBytes > 0) this.#line(Buffer.alloc(0));
    const text = this.#takeText();
    const json = text === undefined ? undefined : parseObject(text);
    if (text !== undefined && json !== undefined) this.#onData({ json, text });
  }

  #keep(bytes: Buffer): void {
    this.#rest.push(bytes);
    this.#restBytes += bytes.length;
    this.#bound(this.#restBytes);
  }

  #bound(lineBytes: number): void {
    if (this.#eventBytes + lineBytes > MOST_EVENT_BYTES)
      throw new RangeError(`an event of more than ${String(MOST_EVENT_BYTES)} bytes`);
  }

  #line(end: Buffer): void {
    let line = end;
    if (this.#restBytes > 0) {
      line = Buffer.concat([...this.#rest, end]);
      [this.#rest, this.#restBytes] = [[], 0];
    }
    if (this.#isFirstLine) {
      this.#isFirstLine = false;
      if (startsWith(line, BYTE_ORDER_MARK)) line = line.subarray(BYTE_ORDER_MARK.length);
    }
    if (line.length === 0) this.#blank();
    else if (startsWith(line, FIELD) && (line.length === FIELD.length || line[FIELD.length] === COLON))
      this.#data(line.toString('utf8', FIELD.length + 1), line.length);
    else this.#idle(line.length);
  }

  #blank(): void {
    const text = this.#takeText();
    if (text === undefined) this.#idle(0);
    else {
      this.#idleBytes = 0;
      this.#onData({ json: parseObject(text), text });
    }
  }

  #data(value: string, bytes: number): void {
    if (this.#lines.length === 0) {
      const text = value.trim();
      const json = text.endsWith('}') ? parseObject(text) : undefined;
      if (json !== undefined || text === '[DONE]') {
        this.#idleBytes = 0;
        this.#onData({ json, text });
        return;
      }
      // Some servers send an event without data to keep the connection.
      if (text === '') {
        this.#idle(bytes);
        return;
      }
    }
    this.#eventBytes += bytes + LINE_COST_BYTES;
    this.#bound(0);
    this.#lines.push(value.startsWith(' ') ? value.slice(1) : value);
  }

  #takeText(): string | undefined {
    if (this.#lines.length === 0) return undefined;
    const text = this.#lines.join('\n');
    [this.#lines, this.#eventBytes] = [[], 0];
    return text;
  }

  #idle(bytes: number): void {
    this.#idleBytes += bytes + 1;
    if (this.#idleBytes > MOST_IDLE_BYTES)
      throw new RangeError(`more than ${String(MOST_IDLE_BYTES)} bytes without an event`);
  }
}

/** The place of a byte, `Infinity` if there is none. */
function placeOf(bytes: Buffer, byte: number, from: number): number {
  const place = bytes.indexOf(byte, from);
  return place < 0 ? Infinity : place;
}

function startsWith(line: Buffer, bytes: Buffer): boolean {
  for (let place = 0; place < bytes.length; place += 1) if (line[place] !== bytes[place]) return false;
  return true;
}
