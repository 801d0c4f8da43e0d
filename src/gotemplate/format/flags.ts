/** The flags, width and precision between `%` and the verb. */
export interface Flags {
  readonly minus: boolean;
  readonly plus: boolean;
  readonly sharp: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  /** In characters. */
  readonly width: number | undefined;
  readonly precision: number | undefined;
  /** `%+v`: structs with the names of their fields. */
  readonly plusV: boolean;
  /** `%#v`: values in Go's syntax. */
  readonly sharpV: boolean;
}

export const NO_FLAGS: Flags = {
  minus: false,
  plus: false,
  sharp: false,
  space: false,
  zero: false,
  width: undefined,
  precision: undefined,
  plusV: false,
  sharpV: false,
};

/** Pads a text to the width, on the left or, with `-`, on the right. */
export function pad(text: string, flags: Flags): string {
  const missing = (flags.width ?? 0) - countCharacters(text);
  return flags.minus ? text + padding(missing, flags) : padding(missing, flags) + text;
}

export function padding(length: number, { zero }: Flags): string {
  return (zero ? '0' : ' ').repeat(Math.max(0, length));
}

function countCharacters(text: string): number {
  let count = text.length;
  for (const { 0: pair } of text.matchAll(/[\ud800-\udbff][\udc00-\udfff]/g)) {
    count -= pair.length - 1;
  }
  return count;
}
