import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/shared-mariadb-setup.ts'],
    // Each file owns its ports and folders; two cores are enough for two files at a time.
    pool: 'forks',
    maxWorkers: 2,
    // Real sockets, real processes and real databases on two busy cores: what fails thrice in a row has failed.
    retry: process.env['CI'] === undefined ? 0 : 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
