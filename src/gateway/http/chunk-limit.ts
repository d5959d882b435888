import { IncomingMessage, type ServerResponse } from 'node:http';

/** Chunks of a body that a connection may bring in one turn of the event loop. */
export const MOST_CHUNKS = 4096;
/** A longer chunk goes the usual way. */
const SMALL_BYTES = 1024;

/**
 * Has the connection of a chunked body rest until the next turn of the event loop after some thousand chunks, also where nobody reads the
 * body. Context: Node reads up to 2 MiB from a socket in a row, which hold 350,000 chunks of a byte: 0.4 s. The parser ends its 64 KiB,
 * which take 20 ms; a small chunk goes straight to the reader, since the tick that a stream makes for each doubles its time.
 */
export function limitChunks(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { socket } = incoming;
  let chunks = 0;
  let isResting = false;
  const rest = (): void => {
    isResting = true;
    socket.pause();
    setImmediate(() => {
      isResting = false;
      chunks = 0;
      // Node has stopped a connection whose body is full and unread, and resumes it when a read begins.
      if (
        incoming.complete ||
        incoming.readableFlowing === true ||
        incoming.readableLength < incoming.readableHighWaterMark
      )
        socket.resume();
    });
  };
  const push = (chunk: Buffer | null): boolean => {
    chunks += 1;
    if (chunks > MOST_CHUNKS && !isResting) rest();
    const isDirect =
      chunk !== null &&
      chunk.length < SMALL_BYTES &&
      incoming.readableFlowing === true &&
      incoming.readableLength === 0;
    if (!isDirect) return IncomingMessage.prototype.push.call(incoming, chunk);
    incoming.emit('data', chunk);
    return true;
  };
  incoming.push = push;
  // Node drops an unread body without a word to its stream, unless a read has begun.
  outgoing.prependOnceListener('finish', () => {
    if (incoming.complete) return;
    incoming.resume();
    incoming.read(0);
  });
}
