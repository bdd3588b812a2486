import ArgumentParser
import PmemDevice

/// The completions of a device name in a shell: the devices of the machine that the command line is about.
enum NameCompletion: Sendable {
  case namespaces, regions, dimms, devices, buses
  /// Of namespaces, DAX devices, regions and DIMMs.
  case anything

  /// - Parameter words: Of the command line so far.
  /// - Returns: Without what cannot be read.
  func names(_ words: [String]) -> [String] {
    let backend = try? CommandContext.standard.open(.typed(words), forWriting: false)
    guard let inventory = try? backend?.inventory(.listing) else { return [] }
    switch self {
    case .namespaces: return Self.namespaces(inventory)
    case .regions: return inventory.regions.map(\.dev)
    case .dimms: return inventory.dimms.map(\.dev)
    case .devices: return inventory.daxDevices.map(\.device.chardev)
    case .buses: return inventory.buses.flatMap { [$0.dev, $0.provider] }
    case .anything:
      return Self.namespaces(inventory) + inventory.daxDevices.map(\.device.chardev)
        + inventory.regions.map(\.dev)
        + inventory.dimms.map(\.dev)
    }
  }

  private static func namespaces(_ inventory: Inventory) -> [String] {
    inventory.regions.flatMap(\.configuredNamespaces).flatMap { namespace in
      [namespace.dev, namespace.name, namespace.blockDevice].compactMap(\.self)
    }.filter { !$0.isEmpty && !$0.contains { $0.isWhitespace || $0.isNewline } }
  }
}

extension CompletionKind {
  /// Names of what is there.
  static func names(_ kind: NameCompletion) -> CompletionKind { .custom { words, _, _ in kind.names(words) } }

  /// Numbers of undo records.
  static var undoRecords: CompletionKind {
    .custom { words, _, _ in
      let records = (try? CommandContext.standard.journal(.typed(words)).records().0) ?? []
      return records.map { "\($0.id)" }
    }
  }
}
