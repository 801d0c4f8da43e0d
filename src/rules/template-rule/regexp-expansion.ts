/** Gives the text of a group: by its number, or by its name. Empty if there is no such group. */
export interface GroupTexts {
  byNumber(number: number): string;
  byName(name: string): string;
}

/**
 * `$$`, or a reference with or without braces. A name runs as far as it can; what is no reference
 * keeps its dollar sign.
 */
const REFERENCE = /\$(?:\$|(?<name>[\p{L}\p{Nd}_]+)|\{(?<braced>[\p{L}\p{Nd}_]+)\})/gu;

/** A group's number: without zeros in front, and not too large for Go to take for one. */
const NUMBER = /^(?:0|[1-9]\d{0,8})$/;

/**
 * Expands the references in a replacement by the rules of Go's `Regexp.Expand`: `$1`, `${1}`,
 * `$name`, `${name}`, `$$`. A name is taken as long as possible, so `$1_x` is the group named `1_x`;
 * groups that do not exist or took no part in the match are empty.
 *
 * @see https://pkg.go.dev/regexp#Regexp.Expand
 */
export function expandReferences(replacement: string, groups: GroupTexts): string {
  return replacement.replace(REFERENCE, (reference: string, name?: string, braced?: string) => {
    const group = name ?? braced;
    if (group === undefined) {
      return reference.slice(1);
    }
    return NUMBER.test(group) ? groups.byNumber(Number(group)) : groups.byName(group);
  });
}
