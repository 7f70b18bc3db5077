/** Epoch seconds (UTC), the one form in which times are kept: the clock where no other one is given. */
export const epochSeconds = (): number => Math.floor(Date.now() / 1000);
