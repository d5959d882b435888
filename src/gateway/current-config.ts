import type { GatewayConfig } from '../schema/gateway-config.ts';
import type { Upstream } from './upstream/upstream.ts';

/** The configuration of the moment, and the connections to its backends. */
export interface CurrentConfig {
  /** As the file has it. */
  readonly written: GatewayConfig;
  /** With the groups that wildcards make of the models of the servers. */
  readonly config: GatewayConfig;
  readonly upstream: Upstream;
}
