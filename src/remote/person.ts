/** Who connects: their keys, known_hosts and ssh_config lie in `home`, their agent is named by the environment. */
export interface Person {
  readonly home: string;
  readonly userName: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}
