declare module 'drachtio-mw-registration-parser' {
  const parser: unknown;
  export default parser;
}
