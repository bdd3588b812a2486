import ArgumentParser
import PmemDevice
import PmemOutput

struct KeysLoad: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "load", abstract: "Load all keys of DIMMs into the kernel's keyring.",
    discussion: """
      The driver of a DIMM looks for its passphrase there when it is bound, as at boot; it does not unlock a DIMM that has \
      been found locked: dimm security unlock does. Keys that are there already are kept.
      """)

  @Option(
    name: .long,
    help: ArgumentHelp("The directory of key files, /etc/ndctl/keys by default.", valueName: "directory"))
  var keys: String?

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let backend = try context.open(machine, forWriting: false)
    let inventory = try backend.inventory(.listing)
    guard inventory.host.isPrivileged else {
      throw DeviceError(
        .permission, "cannot load keys: only root's keyring is that of the kernel", try: [context.asRoot])
    }
    let loaded = try backend.loadKeys(of: inventory.dimms, from: keys)
    try output.json
      ? context.out.write(JSON.object(loaded.json).text) : context.out.write(loaded.text)
    try conclude(loaded)
  }

  private func conclude(_ loaded: LoadedKeys) throws(DeviceError) {
    let failures = loaded.keys.compactMap { key -> String? in
      guard case .failed(let reason) = key.outcome else { return nil }
      return "\(key.dimm ?? key.id): \(reason)"
    }
    if case .failed(let reason) = loaded.master {
      throw DeviceError(.failed, "cannot load the master key: \(reason)", details: failures)
    }
    guard failures.isEmpty else {
      throw DeviceError(.failed, "cannot load \(counted(failures.count, "key"))", details: failures)
    }
  }
}

extension LoadedKeys {
  /// Lines for people; none for what failed, which the error has.
  fileprivate var text: String {
    guard master != nil || !keys.isEmpty else { return "no keys in \(directory)\n" }
    let lines = (master.map { [("master key", $0)] } ?? []) + keys.map { ("\($0.dimm ?? $0.id)", $0.outcome) }
    return lines.map { name, outcome in
      switch outcome {
      case .loaded: "\(name): loaded\n"
      case .present: "\(name): in the keyring already\n"
      case .failed: ""
      }
    }.joined()
  }

  /// Keys: `directory`, `master`, `keys` [{`id`, `dev`, `state`, `reason`}]; states are `loaded`, `present`, `failed`.
  fileprivate var json: JSONObject {
    var object = JSONObject()
    object.add("directory", directory)
    object.add("master", master?.word)
    object.add(
      "keys",
      keys.map { key in
        var item = JSONObject()
        item.add("id", key.id)
        item.add("dev", key.dimm)
        item.add("state", key.outcome.word)
        if case .failed(let reason) = key.outcome { item.add("reason", reason) }
        return .object(item)
      })
    return object
  }
}

extension LoadedKeys.Outcome {
  fileprivate var word: String {
    switch self {
    case .loaded: "loaded"
    case .present: "present"
    case .failed: "failed"
    }
  }
}
