/**
 * The longest time in milliseconds that Node.js's timers wait (about 24.8 days); they fire at once
 * when asked for more, so no interval and no timeout may be longer.
 */
export const LONGEST_TIMER = 2 ** 31 - 1;
