export function packagesStale(root: string): string | undefined;
export function sourceFingerprint(root: string): string;
export function buildStale(root: string): string | undefined;
export const BUILD_STAMP: string;
