import PmemDevice
import PmemInspect
import PmemOutput
import PmemSim
import SystemPackage

/// The DIMMs into which pmemctl has injected health since the boot, because no DIMM tells. It only informs: a file that
/// cannot be written or read is as good as none.
struct InjectionNotes {
  private let file: FilePath
  /// A power cycle withdraws what was injected; nil on a simulated machine, which tells itself.
  private let boot: String?

  private static let format = "pmemctl-injected 1"

  init(_ context: CommandContext, _ options: MachineOptions) {
    file = context.stateDirectory.appending("injected.json")
    boot = context.isSimulated(options) ? nil : BootIdentity.current
  }

  /// Ids of DIMMs, or the kernel names of those without one.
  var dimms: [String] {
    guard let boot, let bytes = try? InputFile.read(file.string, followingLinks: false),
      let object = (try? JSON(parsing: bytes))?.object, object["format"]?.string == Self.format,
      object["boot"]?.string == boot
    else { return [] }
    return (object["dimms"]?.array ?? []).compactMap(\.string)
  }

  func add(_ added: [DIMM]) { write(Set(dimms).union(added.map(Self.name))) }

  func remove(_ removed: [DIMM]) {
    let known = Set(dimms)
    guard !known.isDisjoint(with: removed.map(Self.name)) else { return }
    write(known.subtracting(removed.map(Self.name)))
  }

  static func name(_ dimm: DIMM) -> String { dimm.id ?? dimm.dev }

  private func write(_ dimms: Set<String>) {
    guard let boot else { return }
    var object = JSONObject()
    object.add("format", Self.format)
    object.add("boot", boot)
    object.add("dimms", dimms.sorted().map(JSON.string))
    do throws(Errno) { try StateDirectory.make(file.removingLastComponent()) } catch { return }
    try? AtomicFile.write(JSON.object(object).text.utf8, to: file, existing: .replace)
  }
}
