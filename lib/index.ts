/** The public face of drachtio-silo: a table of contents. */
export { SiloError, type SiloErrorCode } from './errors.ts';
export { onLog, type LogLevel, type LogListener } from './log.ts';
