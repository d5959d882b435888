/** The folder of the gateway's state on every host: `StateDirectory=` takes a name below /var/lib alone. */
export const STATE_DIR = '/var/lib/litellm';
