import { runSuite } from './run-suite.js'

runSuite(['local activities off'])
