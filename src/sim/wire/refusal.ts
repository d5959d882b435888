/**
 * An error answer, with Ollama's status and text. Handlers throw it, because Go's early returns have no shorter form
 * here, and the door turns it into an answer.
 */
export class Refusal extends Error {
  readonly status: number;
  /** Sent in the native format even on /v1. */
  readonly raw: boolean;

  constructor(status: number, message: string, raw = false) {
    super(message);
    this.status = status;
    this.raw = raw;
  }
}

/** The client has left or the server is closing: no answer can be sent. */
export class Gone extends Error {}
