/** Counts requests that are being served. */
export interface InFlight {
  /** Takes a place, which the function returned gives back; undefined where there is none. */
  enter(): (() => void) | undefined;
}

/** @param most how many requests may be served at once; 0: any number */
export function limitInFlight(most: number): InFlight {
  let now = 0;
  return {
    enter() {
      if (most > 0 && now >= most) return undefined;
      now += 1;
      let inside = true;
      return () => {
        if (inside) now -= 1;
        inside = false;
      };
    },
  };
}
