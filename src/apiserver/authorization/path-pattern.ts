/** Whether a path matches a pattern. */
export type PathMatcher = (path: string) => boolean;

/** A pattern of paths is invalid. */
export class PathPatternError extends Error {
  override readonly name = 'PathPatternError';
}

/**
 * Parses the patterns of `--authorization-always-allow-paths`: a path, or a prefix followed by `*`.
 * Throws {@link PathPatternError} for a `*` anywhere else.
 */
export function pathMatcher(patterns: readonly string[]): PathMatcher {
  const exact = new Set<string>();
  const beginnings: string[] = [];
  for (const pattern of patterns) {
    const path = withoutSlash(pattern);
    if (path.slice(0, -1).includes('*')) {
      throw new PathPatternError(`${JSON.stringify(pattern)}: expected * at the end only`);
    }
    if (path.endsWith('*')) beginnings.push(path.slice(0, -1));
    else exact.add(path);
  }
  return (asked) => {
    const path = withoutSlash(asked);
    return exact.has(path) || beginnings.some((beginning) => path.startsWith(beginning));
  };
}

function withoutSlash(path: string): string {
  return path.startsWith('/') ? path.slice(1) : path;
}
