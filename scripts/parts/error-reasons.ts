/** What went wrong and why, each cause in a line of its own, without stack traces. */
export function reasonsOf(error: unknown): string {
  const lines: string[] = [];
  for (
    let each = error;
    each !== undefined;
    each = each instanceof Error ? each.cause : undefined
  ) {
    lines.push(each instanceof Error ? each.message.trimEnd() : String(each));
  }
  return lines.join('\n  because ');
}
