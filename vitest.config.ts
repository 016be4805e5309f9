import { defineConfig } from 'vitest/config';

const timeouts = { testTimeout: 30_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    // Tests start real processes and servers; two at a time is what a two-core machine carries.
    maxWorkers: 2,
    projects: [
      {
        test: { name: 'rooms', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**'], ...timeouts },
      },
      {
        // These run the built command line.
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/support/build.ts'],
          // Drills mostly wait, so some of one file run side by side.
          maxConcurrency: 3,
          ...timeouts,
        },
      },
    ],
  },
});
