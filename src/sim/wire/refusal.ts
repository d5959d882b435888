/**
 * A request that the server turns down, with the status and the text that Ollama would give. It is thrown inside the
 * handlers, as Go's early returns have no shorter form here, and becomes an answer at the door.
 */
export class Refusal extends Error {
  readonly status: number;
  /** Said in the native shape even on /v1. */
  readonly raw: boolean;

  constructor(status: number, message: string, raw = false) {
    super(message);
    this.status = status;
    this.raw = raw;
  }
}

/** The client has left, or the server is closing: nobody is there to be answered. */
export class Gone extends Error {}
