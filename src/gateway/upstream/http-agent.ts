import { Agent, buildConnector } from 'undici';

/** The connections to all servers. One agent serves for as long as the gateway runs, and connects as the current configuration says. */
export class HttpAgent {
  readonly agent: Agent;
  #connect: buildConnector.connector;

  constructor(connectMs: number) {
    this.#connect = connectorFor(connectMs);
    // undici's own time-outs are off: the limits are those of the exchange. Ollama does not speak HTTP/2.
    this.agent = new Agent({
      headersTimeout: 0,
      bodyTimeout: 0,
      allowH2: false,
      connect: (options, callback) => {
        this.#connect(options, callback);
      },
    });
  }

  /** Limits the time of every connect from now on. */
  limitConnect(connectMs: number): void {
    this.#connect = connectorFor(connectMs);
  }
}

function connectorFor(connectMs: number): buildConnector.connector {
  return buildConnector({ timeout: connectMs, allowH2: false });
}
