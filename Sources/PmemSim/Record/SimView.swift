import PmemDevice
import PmemModel

/// What has devices of a simulated machine open inside its kernel, and how much of the machine is seen by who looks at it:
/// as from a container, without capabilities or under lockdown. A boot forgets it.
struct SimView: Hashable {
  struct Holder: Hashable {
    var kind: SimHolder
    var device: DeviceID
  }

  var holders: [Holder] = []
  /// Parts that cannot be seen.
  var hidden: Set<Unseen.Part> = []

  static let kinds = ["holder", "view"]

  // MARK: Lines of the state file

  var lines: [RecordLine] {
    var lines = holders.map { holder in
      var line = RecordLine("holder")
      line.add("kind", holder.kind.rawValue)
      line.add("region", holder.device.region)
      line.add("id", holder.device.namespace)
      return line
    }
    for part in hidden.sorted(by: { $0.rawValue < $1.rawValue }) {
      var line = RecordLine("view")
      line.add("hides", part.rawValue)
      lines.append(line)
    }
    return lines
  }

  mutating func read(_ line: RecordLine, regions: Int, _ file: String) throws(DeviceError) {
    if line.kind == "view" {
      guard let part = line["hides"].flatMap(Unseen.Part.init(rawValue:)) else {
        throw DeviceError(.corrupt, "\(file), line \(line.number): the view is not known")
      }
      hidden.insert(part)
      return
    }
    guard let kind = line["kind"].flatMap(SimHolder.init(rawValue:)), regions > 0 else {
      throw DeviceError(.corrupt, "\(file), line \(line.number): the holder is not known")
    }
    let region = try line.integer("region", in: 0...(regions - 1), file: file)
    let id = try line.integer("id", in: 0...1_000_000, file: file)
    holders.append(Holder(kind: kind, device: DeviceID(region: region, namespace: id)))
  }
}

/// Who has a device open inside the kernel, with no process that shows it.
public enum SimHolder: String, CaseIterable, Hashable, Sendable {
  /// NVMe over fabrics, named by configfs.
  case nvmet
  /// A SCSI target, named by configfs.
  case lio
  case zram
  /// Nothing names it: only the device's own count tells.
  case unseen
}

extension SimView {
  /// - Parameter namespaces: That are asked about.
  /// - Returns: What cannot be seen of them.
  func missing(of namespaces: [Namespace]) -> [Unseen] {
    let names = namespaces.filter(\.isEnabled).map(\.dev)
    return Unseen.Part.allCases.filter(hidden.contains).map { part in
      let remedy = "pmemctl sim view --all"
      return switch part {
      case .processes:
        Unseen(.processes, "processes outside this PID namespace cannot be seen", remedy: remedy)
      case .mounts: Unseen(.mounts, "mounts of other mount namespaces cannot be seen", remedy: remedy)
      case .opens:
        Unseen(
          .opens, "whether anything unseen has it open could not be found out: this process has no CAP_BPF",
          remedy: remedy, of: names, isDecisive: !names.isEmpty)
      case .pins:
        Unseen(
          .pins, "whether memory is pinned for DMA could not be found out: this process has no CAP_BPF",
          remedy: remedy, of: names, isDecisive: !names.isEmpty)
      case .memory:
        Unseen(
          .memory, "whether memory is online could not be found out: memory blocks cannot be seen",
          remedy: remedy, of: names, isDecisive: !names.isEmpty)
      }
    }
  }
}
