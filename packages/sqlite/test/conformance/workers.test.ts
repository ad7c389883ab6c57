import { runSuite } from './run-suite.js'

runSuite(['3 workers'])
