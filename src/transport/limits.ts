/** What a far end may say in all, on one output of a command or in one dialogue. A listing of 100,000 rows fits in. */
export const LARGEST_OUTPUT_BYTES = 16 * 1024 * 1024;
