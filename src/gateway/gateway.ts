import type { Server } from 'node:http';
import type { GatewayConfig } from '../schema/gateway-config.ts';
import { createApp } from './app.ts';
import type { Log } from './log.ts';
import { createGatewayServer } from './server.ts';
import { createService, type Service } from './service.ts';

/** A gateway that does not listen yet. */
export interface Gateway {
  readonly server: Server;
  readonly service: () => Service;
  /** Takes nothing new, lets answers run on for so long, then cuts them; resolves when all is closed. */
  stop(limitMs: number, atOnce: AbortSignal): Promise<{ readonly cut: number }>;
}

/** Makes a gateway of a configuration. */
export function createGateway(config: GatewayConfig, log: Log): Gateway {
  // A reload puts another one here; requests keep the one they began with.
  const current = createService(config, log);
  const service = (): Service => current;
  const app = createApp({ service, isStopping: () => connections.stopping });
  const { server, connections } = createGatewayServer(app, log);
  const stop = async (limitMs: number, atOnce: AbortSignal): Promise<{ readonly cut: number }> => {
    const drained = await connections.drain(limitMs, atOnce);
    await current.close();
    return drained;
  };
  return { server, service, stop };
}
