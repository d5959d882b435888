import type { ServerEvent, ServerFailure } from '../exchange.ts';

/** A request in the API of a backend, and how to read the response. */
export interface WireRequest {
  /** Below the backend's URL. */
  readonly path: string;
  readonly body: string;
  /** Makes a decoder for a response with status 200; `emit` gets its events. */
  read(emit: (event: ServerEvent) => void): ResponseDecoder;
  /** Turns a response with another status into a failure. */
  fail(status: number, body: string): ServerFailure;
}

/** Decodes a response body from its bytes, in chunks of any size. */
export interface ResponseDecoder {
  push(bytes: Buffer): void;
  /** The body is complete, as HTTP defines it. */
  end(): void;
}
