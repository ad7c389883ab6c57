import { runSuite } from './run-suite.js'

runSuite('azure-storage', ['3 workers'])
