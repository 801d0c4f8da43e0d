import manifest from '../package.json' with { type: 'json' };

/** The version of this program, e.g. `0.1.0`. */
export const version: string = manifest.version;
