import { runSuite } from './run-suite.js'

runSuite(['with a codec'])
