/** A backend of a configuration. */
export interface BackendSpec {
  readonly url: string;
  /** Whether the gateway loads its models, so that slots can be counted. */
  readonly managed: boolean;
  /** Slots of each model there, and models that it can hold, if configured. */
  readonly slots: number | undefined;
  readonly room?: number | undefined;
  /** An operator has drained it: it gets no new request and no load. */
  readonly drained?: boolean;
}

/** A deployment of a configuration. */
export interface DeploymentSpec {
  readonly id: string;
  readonly backend: string;
  readonly weight: number;
  readonly model: string;
  readonly runnerKey: string;
  /** One request at a time, whatever is configured for the backend. */
  readonly single: boolean;
  /** A deployment without `order` comes after those that have one. */
  readonly order?: number | undefined;
  /** Requests and tokens for each minute. */
  readonly rpm?: number | undefined;
  readonly tpm?: number | undefined;
  /** Without it the policy's counts. */
  readonly cooldownMs?: number | undefined;
}

/** The parts of a fleet. */
export interface FleetSpec {
  readonly backends: readonly BackendSpec[];
  readonly deployments: readonly DeploymentSpec[];
  /** The aliases of the configuration: the requests of others are forgotten. Without it none are, as in traces of before. */
  readonly aliases?: readonly string[];
}
