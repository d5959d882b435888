import type { Failure, Usage } from '../exchange.ts';

/** Gets the response to one subrequest; no call follows `onEnd` or `onFailure`. */
export interface ForwarderListener {
  /** A part of the response, never empty. */
  onText(text: string): void;
  onEnd(text: string, usage: Usage): void;
  onFailure(failure: Failure): void;
}
