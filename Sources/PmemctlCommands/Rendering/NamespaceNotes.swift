import PmemDevice
import PmemOutput

/// Remarks on a namespace beside its numbers.
struct NamespaceNotes {
  private let modes: DisabledModes
  private let mounts: [String: [RawText]]

  /// - Parameters:
  ///   - inventory: All of it; labels are read if a namespace is disabled.
  ///   - backend: Asked for labels and mount points.
  init(_ inventory: Inventory, _ backend: any CommandContext.Backend) {
    modes = DisabledModes(inventory.namespaces, inventory, backend)
    mounts = backend.mountPoints(in: inventory)
  }

  /// - Returns: nil if it is disabled and its label does not say.
  func mode(of namespace: Namespace) -> NamespaceMode? { modes.mode(of: namespace) }

  /// `mounted on /mnt, 3 bad blocks`.
  func remark(on namespace: Namespace) -> String {
    var notes: [String] = []
    if let points = mounts[namespace.dev] {
      notes.append("mounted on \(points.map(\.text).joined(separator: ", "))")
    }
    if namespace.badblockCount > 0 {
      notes.append(counted(namespace.badblockCount, "bad block"))
    }
    notes += namespace.daxRegion?.devices.compactMap(Self.memory) ?? []
    notes += [state(namespace)].compactMap(\.self)
    return notes.joined(separator: ", ")
  }

  private func state(_ namespace: Namespace) -> String? {
    guard namespace.isEnabled else { return "disabled" }
    switch namespace.mode {
    case .raw: return "no DAX: raw mode"
    case .sector: return "\(namespace.size) usable"
    case .fsdax, .devdax: return namespace.size == namespace.rawSize ? nil : "\(namespace.size) usable"
    }
  }

  /// The part of a DAX device that is system-ram.
  private static func memory(_ device: DaxDevice) -> String? {
    guard device.isEnabled, let memory = device.memory else { return nil }
    guard memory.online > 0 else { return "system-ram, offline" }
    let zone = memory.movable == memory.online ? "movable" : "not all movable"
    return "system-ram, \(memory.online) of \(memory.total) blocks online, \(zone)"
  }
}
