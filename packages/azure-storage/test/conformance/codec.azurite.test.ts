import { runSuite } from './run-suite.js'

runSuite('azure-storage', ['with a codec'])
