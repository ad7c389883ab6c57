/**
 * Where a text goes decides which `$type` members .NET writes into it. Readers accept every flavour everywhere, so only writers choose one.
 * Dictionaries name `mscorlib`, which .NET Framework and .NET both resolve; newer runtimes write `System.Private.CoreLib` themselves.
 */

/**
 * - `azureStorage`: queue messages; type names without an assembly.
 * - `serviceBus`: message bodies, session state, instance store; type names with their assembly.
 * - `plain`: no `$type` at all; table columns and the history a client exports.
 */
export type WireFlavour = 'azureStorage' | 'serviceBus' | 'plain'

/** A new wire object of a class of DurableTask.Core, with its `$type` where the flavour has one. */
export function typedObject(flavour: WireFlavour, className: string): Record<string, unknown> {
  if (flavour === 'plain') return {}
  return { $type: flavour === 'serviceBus' ? `DurableTask.Core.${className}, DurableTask.Core` : `DurableTask.Core.${className}` }
}

/** A new wire object for a .NET dictionary with text keys. */
export function typedDictionary(flavour: WireFlavour, valueType: 'String' | 'Object'): Record<string, unknown> {
  if (flavour === 'plain') return {}
  const name = `System.Collections.Generic.Dictionary\`2[[System.String, mscorlib],[System.${valueType}, mscorlib]]`
  return { $type: flavour === 'serviceBus' ? `${name}, mscorlib` : name }
}

/**
 * Class name in a `$type` of DurableTask.Core, without namespace and assembly; undefined for a foreign one.
 * As .NET does, the names of its first versions are accepted: namespace `DurableTask.`, assemblies `DurableTask` and `DurableTaskFx`.
 */
export function classOfType(type: string): string | undefined {
  return coreType.exec(type)?.[1]
}

const coreType = /^DurableTask\.(?:Core\.)?(?:[A-Za-z]+\.)?([A-Za-z]+)(?:\s*,\s*(?:DurableTask\.Core|DurableTask|DurableTaskFx)(?:\s*,.*)?)?$/
