export const LINES: number;
export const TEST_LINES: number;
export const PARAMETERS: number;
type Exceptions = Readonly<Record<string, readonly [allowed: number, why: string]>>;
export const LONGER: Exceptions;
export const MORE_PARAMETERS: Exceptions;
