import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Tests run on the sources of all packages, so that no build is needed between an edit and a test. */
const config = defineConfig({
  resolve: {
    alias: [
      { find: /^@dtfx\/core$/, replacement: source('packages/core/src/index.ts') },
      { find: /^@dtfx\/core\/provider$/, replacement: source('packages/core/src/provider.ts') },
      { find: /^@dtfx\/core\/engine$/, replacement: source('packages/core/src/engine.ts') },
      { find: /^@dtfx\/testing$/, replacement: source('packages/testing/src/index.ts') },
      { find: /^@dtfx\/testing\/memory$/, replacement: source('packages/testing/src/memory/index.ts') },
      { find: /^@dtfx\/service-bus-emulator$/, replacement: source('packages/service-bus-emulator/src/index.ts') },
      { find: /^@dtfx\/azure-common$/, replacement: source('packages/azure-common/src/index.ts') },
      { find: /^@dtfx\/service-bus$/, replacement: source('packages/service-bus/src/index.ts') },
      { find: /^@dtfx\/azure-storage$/, replacement: source('packages/azure-storage/src/index.ts') },
      { find: /^@dtfx\/sqlite$/, replacement: source('packages/sqlite/src/index.ts') },
      { find: /^@dtfx\/testing\/conformance$/, replacement: source('packages/testing/src/conformance/index.ts') },
    ],
  },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'docs/test/**/*.test.ts', 'scripts/test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    // One test file at a time, the default on two cores, leaves one of them idle while a test waits.
    maxWorkers: availableParallelism(),
    maxConcurrency: 10,
  },
})
export { config as default }
