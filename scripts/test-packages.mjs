/**
 * `pnpm test:packages`: the published packages as their users get them. Packs them, lints the tarballs, installs them in empty projects outside the repository, with npm and with pnpm, and uses them there.
 * Needs `pnpm build` first and the configured npm registry. `--report <file>` writes the totals for scripts/test.mjs; `--keep` leaves the projects for a look.
 */
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { entriesOf, publishedPackages, readJson } from './packages/published.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const rootManifest = readJson(join(root, 'package.json'))
const pnpm = ['npx', '-y', rootManifest.packageManager]
const packages = publishedPackages(root)
const cli = packages.find(({ name }) => name === '@dtfx/cli')
const emulator = packages.find(({ name }) => name === '@dtfx/service-bus-emulator')
/** A program among the development dependencies. */
const tool = (name) => join(root, 'node_modules', '.bin', name)
/** Short names. */
const providers = ['memory', 'azure-storage', 'service-bus', 'sqlite']
const reportPath = process.argv.includes('--report') ? process.argv[process.argv.indexOf('--report') + 1] : undefined

const scratch = mkdtempSync(join(tmpdir(), 'dtfx-packages-'))
const tarballs = join(scratch, 'tarballs')
const npmProject = join(scratch, 'npm')
const pnpmProject = join(scratch, 'pnpm')
const totals = { numPassedTests: 0, numFailedTests: 0 }

/** What the configured registry needs, without what the surrounding package manager tells its own scripts: that would steer the ones started here. */
function cleanEnvironment() {
  const kept = /^npm_config_(registry|cache|cafile|userconfig|proxy|https_proxy|noproxy|offline)$/i
  const entries = Object.entries(process.env).filter(([name]) => !/^p?npm_/i.test(name) || kept.test(name))
  return { ...Object.fromEntries(entries.filter(([name]) => name !== 'FORCE_COLOR')), NO_COLOR: '1', CI: 'true' }
}
const env = cleanEnvironment()

/** Runs a program; its output, or an error that holds it. */
function run(cwd, [program, ...args]) {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
    child.on('error', fail)
    child.on('close', (code) => (code === 0 ? done(output) : fail(Object.assign(new Error(`${[program, ...args].join(' ')} ended with ${code}\n${output}`), { output }))))
  })
}

function check(condition, problem) {
  if (!condition) throw new Error(problem)
}

/** One named check. Says whether it passed; those that follow run in any case unless they need it. */
async function step(name, action) {
  const startedMs = performance.now()
  const seconds = () => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`
  try {
    await action()
    totals.numPassedTests++
    process.stdout.write(`ok   ${name} (${seconds()})\n`)
    return true
  } catch (error) {
    totals.numFailedTests++
    process.stdout.write(`FAIL ${name} (${seconds()})\n${(error instanceof Error ? error.message : String(error)).replace(/^/gm, '     ')}\n`)
    return false
  }
}

async function pack() {
  mkdirSync(tarballs, { recursive: true })
  for (const each of packages) {
    check(existsSync(join(each.folder, 'dist')), `${each.folder} is not built: run pnpm build`)
    each.tarball = join(tarballs, `${each.name.slice(1).replace('/', '-')}-${each.manifest.version}.tgz`)
  }
  await Promise.all(packages.map(({ folder }) => run(folder, [...pnpm, 'pack', '--pack-destination', tarballs])))
  for (const { tarball } of packages) check(existsSync(tarball), `${tarball} was not written`)
}

async function checkContents(each) {
  const { tarball } = each
  const files = (await run(scratch, ['tar', '-tzf', tarball])).trim().split('\n').map((file) => file.replace(/^package\//, ''))
  const built = entriesOf(each).length === 0 ? Object.values(each.manifest.bin).map((file) => posix.normalize(file)) : ['dist/index.js', 'dist/index.d.ts']
  for (const needed of ['package.json', 'README.md', 'LICENSE', ...built]) check(files.includes(needed), `${needed} is missing`)
  const foreign = files.filter((file) => !/^(package\.json|README\.md|LICENSE|dist\/[\w.-]+\.(js|js\.map|d\.ts))$/.test(file))
  check(foreign.length === 0, `holds what users do not need: ${foreign.join(', ')}`)
  const readme = await run(scratch, ['tar', '-xzOf', tarball, 'package/README.md'])
  const links = [...readme.matchAll(/\]\(\s*<?(?![a-z][a-z+.-]*:|#)([^\s)>#]+)/gi)].map((match) => match[1])
  const dead = links.filter((link) => !files.includes(posix.normalize(link)))
  check(dead.length === 0, `README.md links to what its readers do not have: ${dead.join(', ')}`)
}

/** Manifest and files fit together, as package managers and bundlers read them; suggestions count. */
async function lintPackage({ tarball }) {
  const output = await run(scratch, [tool('publint'), 'run', tarball, '--strict'])
  check(output.includes('All good!'), output)
}

/** TypeScript finds the declarations that belong to the code, under each resolution that ES modules have. */
async function checkResolution({ tarball }) {
  await run(scratch, [tool('attw'), tarball, '--profile', 'esm-only', '--no-color', '--no-emoji', '--format', 'ascii'])
}

/** In the installed package: no trace of the workspace, and every entry is a file. */
function checkManifest({ name }) {
  const folder = join(npmProject, 'node_modules', name)
  const manifest = readJson(join(folder, 'package.json'))
  check(!JSON.stringify(manifest).includes('workspace:'), 'package.json still says workspace:')
  for (const field of ['version', 'license', 'description', 'engines', 'exports']) check(manifest[field] !== undefined, `package.json has no ${field}`)
  const targets = Object.values(manifest.exports).flatMap((target) => (typeof target === 'string' ? [target] : Object.values(target)))
  for (const target of targets) check(existsSync(join(folder, target)), `exports names ${target}, which is not there`)
}

async function checkImports() {
  const entries = packages.flatMap(entriesOf).map(({ specifier }) => specifier)
  check(entries.length >= 7, `only ${entries.join(', ')}`)
  writeFileSync(join(npmProject, 'entries.mjs'), `for (const entry of ${JSON.stringify(entries)}) if (Object.keys(await import(entry)).length === 0) throw new Error(\`\${entry} exports nothing\`)\n`)
  await run(npmProject, ['node', 'entries.mjs'])
}

async function installWithNpm() {
  cpSync(join(root, 'scripts', 'packed-project'), npmProject, { recursive: true })
  writeFileSync(join(npmProject, 'readme-sample.ts'), readmeSample(root))
  writeFileSync(join(npmProject, 'emulator-sample.ts'), readmeSample(emulator.folder))
  writeFileSync(join(npmProject, 'package.json'), JSON.stringify({ name: 'packed', private: true, type: 'module' }))
  const tools = ['typescript', 'vitest', '@types/node'].map((name) => `${name}@${rootManifest.devDependencies[name]}`)
  const client = `@azure/service-bus@${emulator.manifest.devDependencies['@azure/service-bus']}`
  await run(npmProject, ['npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', ...packages.map(({ tarball }) => tarball), ...tools, client])
}

/** The first `ts` block of a README: the program every reader tries first. */
function readmeSample(folder) {
  const block = /^```ts\n([\s\S]*?)^```$/m.exec(readFileSync(join(folder, 'README.md'), 'utf8'))
  check(block !== null, `${folder}/README.md has no ts block`)
  return block[1]
}

/** Compiles everything, libraries included. Problems inside other people's declarations are theirs. */
async function compile(configuration) {
  const output = await run(npmProject, ['node', 'node_modules/typescript/bin/tsc', '-p', configuration, '--pretty', 'false']).catch((error) => error.output ?? error.message)
  const ours = output.split('\n').filter((line) => line.trim() !== '' && !line.startsWith(' ') && (!line.startsWith('node_modules/') || line.startsWith('node_modules/@dtfx/')))
  check(ours.length === 0, ours.join('\n'))
  return output
}

async function compileForNode() {
  const output = await compile('tsconfig.json')
  check(existsSync(join(npmProject, 'out', 'readme-sample.js')), `nothing was written\n${output}`)
}

/** A README's program prints what its comment promises. */
async function runSample(folder, name) {
  const promised = /console\.log\(.*\/\/ (.*)$/m.exec(readmeSample(folder))?.[1]
  const output = await run(npmProject, ['node', `out/${name}.js`])
  check(promised !== undefined && output.trim() === promised, `it printed\n${output}\nthe README promises\n${promised}`)
}

async function runEmulatorCommand() {
  const program = join(npmProject, 'node_modules', '.bin', 'dtfx-service-bus-emulator')
  const output = await run(npmProject, [program, '--version'])
  check(output.trim() === emulator.manifest.version, `it printed ${output}`)
  check((await run(npmProject, [program, '--help'])).includes('--config <file>'), 'its help is not there')
}

/** The command finds the configuration and the provider of the project, and says what is wrong as it promises to. */
async function runCli(project) {
  const program = join(project, 'node_modules', '.bin', 'dtfx')
  const output = await run(project, [program, '--version'])
  check(output.trim() === cli.manifest.version, `it printed ${output}`)
  const hub = JSON.parse(await run(project, [program, 'hub', 'create', '--json', '--config', 'memory.config.json']))
  check(hub.hub === 'created', `it printed ${JSON.stringify(hub)}`)
  const problem = await run(project, [program, 'list', '--provider', '@acme/absent', '--json']).then(() => 'nothing', (error) => error.message)
  check(problem.includes('ended with 2') && problem.includes('"code":"DTFX_PROVIDER_NOT_FOUND"'), `without the provider it said ${problem}`)
}

async function runPublicApi() {
  const output = await run(npmProject, ['node', 'out/public-api.js'])
  check(output.trim() === 'ok true', `it printed ${output}`)
}

/** By its short name, from a configuration file beside the program. */
async function loadProvider(project, name) {
  const output = await run(project, ['node', 'load-provider.mjs', `${name}.config.json`])
  check(output.trim() === name, `it printed ${output}`)
}

/** pnpm gives each package its own dependencies only; the registry does not have ours, so each is pointed to its tarball. */
async function installWithPnpm() {
  for (const file of ['load-provider.mjs', ...providers.map((name) => `${name}.config.json`)]) cpSync(join(root, 'scripts', 'packed-project', file), join(pnpmProject, file))
  const dependencies = Object.fromEntries(packages.map(({ name, tarball }) => [name, `file:${tarball}`]))
  writeFileSync(join(pnpmProject, 'package.json'), JSON.stringify({ name: 'packed', private: true, type: 'module', dependencies, pnpm: { overrides: dependencies } }))
  await run(pnpmProject, [...pnpm, 'install', '--prefer-offline', '--ignore-workspace', '--no-frozen-lockfile'])
}

async function lintAll() {
  for (const each of packages) {
    await step(`${each.name}: the tarball holds what it should`, () => checkContents(each))
    await step(`${each.name}: publint`, () => lintPackage(each))
    // A command alone has nothing to resolve.
    if (entriesOf(each).length > 0) await step(`${each.name}: attw`, () => checkResolution(each))
  }
}

async function useWithNpm() {
  if (!(await step('install with npm', installWithNpm))) return
  for (const each of packages) await step(`${each.name}: every entry is there`, () => checkManifest(each))
  await step('every entry can be imported', checkImports)
  for (const name of providers) await step(`a configuration finds the provider ${name}`, () => loadProvider(npmProject, name))
  await step('the command dtfx works', () => runCli(npmProject))
  await step('a strict program compiles for a bundler', () => compile('tsconfig.bundler.json'))
  if (await step('a strict program compiles for Node', compileForNode)) {
    await step('that program runs', runPublicApi)
    await step('the sample of the README prints what it promises', () => runSample(root, 'readme-sample'))
    await step('the sample of the emulator prints what it promises', () => runSample(emulator.folder, 'emulator-sample'))
    await step('the command of the emulator is there', runEmulatorCommand)
  }
  await step('tests with hub, stub and recorded history pass in vitest', () => run(npmProject, ['node', 'node_modules/vitest/vitest.mjs', 'run', 'hub.test.ts']))
}

async function useWithPnpm() {
  if (!(await step('install with pnpm', installWithPnpm))) return
  for (const name of providers) await step(`a configuration finds the provider ${name} in pnpm's layout`, () => loadProvider(pnpmProject, name))
  await step("the command dtfx works in pnpm's layout", () => runCli(pnpmProject))
}

try {
  if (await step('pack', pack)) {
    await Promise.all([lintAll(), useWithNpm(), useWithPnpm()])
  }
} finally {
  if (process.argv.includes('--keep')) process.stdout.write(`kept: ${scratch}\n`)
  else rmSync(scratch, { recursive: true, force: true })
}
if (reportPath !== undefined) writeFileSync(reportPath, JSON.stringify(totals))
process.exitCode = totals.numFailedTests === 0 ? 0 : 1
