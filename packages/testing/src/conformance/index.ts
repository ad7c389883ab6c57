/** Entry `@dtfx/testing/conformance`: the suite that every storage provider must pass. */
export { conformance, type ConformanceOptions } from './conformance.js'
export type { Suite, SuiteRunner } from './suite.js'
export type { VariantName } from './variants.js'
