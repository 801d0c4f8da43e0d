/** Says whether a path is one of those that were given. */
export type PathMatcher = (path: string) => boolean;

/** A pattern of paths cannot be taken. */
export class PathPatternError extends Error {
  override readonly name = 'PathPatternError';
}

/**
 * Reads patterns of paths as `--authorization-always-allow-paths` has them: a path, or the beginning
 * of one before `*`. Throws {@link PathPatternError} for a `*` anywhere else.
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
