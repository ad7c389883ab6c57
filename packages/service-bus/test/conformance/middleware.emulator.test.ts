import { runSuite } from './run-suite.js'

runSuite('service-bus', ['with middleware'])
