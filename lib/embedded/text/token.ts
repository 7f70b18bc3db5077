/** RFC 3261 25.1, for a regular expression. Not the one of lib/sip/: what judges the rest has its own. */
export const TOKEN = "[A-Za-z0-9.!%*_+`'~-]+";
