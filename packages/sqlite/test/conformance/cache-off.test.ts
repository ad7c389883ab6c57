import { runSuite } from './run-suite.js'

runSuite(['cache off'])
