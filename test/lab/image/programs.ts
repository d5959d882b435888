import { contentId } from '../../../src/core/hash.ts';
import type { Recipe } from './cache.ts';
import { packagesLayer } from './packages-layer.ts';

const SETUP = `set -eu
export DEBIAN_FRONTEND=noninteractive
# fish lost the Python that it depends on (setup.sh), which keeps apt-get from installing anything.
dpkg --purge --force-all fish fish-common >/dev/null 2>&1
apt-get update -qq
apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-unsafe-io "$@" >/dev/null
rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb
`;

/** A layer on Debian with Python, which Ansible needs on a host, and hxllm does not. */
export function pythonRecipe(debian: string, signal: AbortSignal): Recipe {
  return programRecipe('python', 'python3', debian, signal);
}

/** A layer on Debian with HAProxy, as the service that its package starts. */
export function haproxyRecipe(debian: string, signal: AbortSignal): Recipe {
  return programRecipe('haproxy', 'haproxy', debian, signal);
}

function programRecipe(kind: string, name: string, debian: string, signal: AbortSignal): Recipe {
  return {
    kind,
    key: contentId(debian, SETUP),
    build: (folder) => packagesLayer(folder, { debian, packages: [name], setup: SETUP, signal }),
  };
}
