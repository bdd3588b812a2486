import PmemDevice
import PmemInspect
import PmemOutput
import PmemSim
import SystemPackage

/// DIMMs of which pmemctl remembers that it did something, because they do not tell. It only informs: a file that cannot be
/// written or read is as good as none.
struct DimmNotes {
  fileprivate let file: FilePath
  /// The boot that they belong to; nil if they outlast it.
  fileprivate let boot: String?

  private static let format = "pmemctl-dimms 1"

  /// Ids of DIMMs, or the kernel names of those without one.
  var dimms: [String] {
    guard let bytes = try? InputFile.read(file.string, followingLinks: false),
      let object = (try? JSON(parsing: bytes))?.object, object["format"]?.string == Self.format,
      object["boot"]?.string == boot
    else { return [] }
    return (object["dimms"]?.array ?? []).compactMap(\.string)
  }

  func contains(_ dimm: DIMM) -> Bool { dimms.contains(Self.name(dimm)) }

  func add(_ added: [DIMM]) { write(Set(dimms).union(added.map(Self.name))) }

  func remove(_ removed: [DIMM]) {
    let known = Set(dimms)
    guard !known.isDisjoint(with: removed.map(Self.name)) else { return }
    write(known.subtracting(removed.map(Self.name)))
  }

  static func name(_ dimm: DIMM) -> String { dimm.id ?? dimm.dev }

  private func write(_ dimms: Set<String>) {
    var object = JSONObject()
    object.add("format", Self.format)
    object.add("boot", boot)
    object.add("dimms", dimms.sorted().map(JSON.string))
    do throws(Errno) { try StateDirectory.make(file.removingLastComponent()) } catch { return }
    try? AtomicFile.write(JSON.object(object).text.utf8, to: file, existing: .replace)
  }
}

extension CommandContext {
  /// DIMMs into which pmemctl has injected health since the boot: a power cycle withdraws it.
  func injectionNotes(_ options: MachineOptions) -> DimmNotes {
    notes("injected.json", options, boot: BootIdentity.current)
  }

  /// DIMMs that pmemctl has begun to overwrite, and whose overwrite is not completed: they go on after a reboot.
  func overwriteNotes(_ options: MachineOptions) -> DimmNotes { notes("overwrites.json", options, boot: nil) }

  private func notes(_ name: String, _ options: MachineOptions, boot: String?) -> DimmNotes {
    let own = simulation(options).map { SimMachine.notes(name, in: $0) }
    return DimmNotes(file: own ?? stateDirectory.appending(name), boot: own == nil ? boot : nil)
  }
}
