/** Lint rules that a parser alone can check; structure is checked by scripts/check-architecture.mjs, types by tsc. */
import tseslint from 'typescript-eslint'

const noSleep = {
  selector: "CallExpression[callee.name='setTimeout']",
  message: 'Tests do not sleep: use the virtual clock, or `eventually` with a bound.',
}

export const config = tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/.turbo/**', 'quickstart-report/**', 'packages/*/test/fixtures/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.base],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-expressions': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-control-regex': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      eqeqeq: ['error', 'always'],
      'no-else-return': 'off',
      'no-duplicate-imports': ['error', { allowSeparateTypeImports: true }],
      'no-self-compare': 'error',
      'no-template-curly-in-string': 'error',
      'no-unreachable-loop': 'error',
      'no-useless-rename': 'error',
      'object-shorthand': 'error',
      'max-params': ['error', 5],
    },
  },
  { files: ['packages/*/src/**/*.ts'], rules: { 'no-restricted-globals': ['error', { name: 'event', message: 'not here' }], 'no-console': 'error' } },
  { files: ['packages/core/src/telemetry/**', 'packages/core/src/engine/**'], rules: { 'no-console': 'off' } },
  { files: ['packages/*/test/**/*.ts', 'apps/*/test/**/*.ts'], rules: { 'no-restricted-syntax': ['error', noSleep] } },
  // The engine's tests are about timers and event-loop phases: they need the real ones.
  { files: ['packages/core/test/engine/**/*.ts'], rules: { 'no-restricted-syntax': 'off' } },
)
export { config as default }
