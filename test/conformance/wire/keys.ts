import { notApplicable, type Target } from '../case.ts';

/** Ends a case about keys if the server asks for none. */
export async function needKeys({ url }: Target): Promise<void> {
  for (const path of ['/v1/models', '/api/tags']) {
    const response = await fetch(`${url}${path}`);
    await response.arrayBuffer();
    if (response.ok) notApplicable('the server asks for no key');
  }
}
