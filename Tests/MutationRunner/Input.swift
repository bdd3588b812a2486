import DamagedMedia
import Foundation
import TestSupport

/// A mutated file, and the commands that read it.
struct Input {
  enum Kind: String, CaseIterable {
    case machine, runtime, badBlocks, inventory, inventoryPlan, layout, plan, scenario, undo, labels, media
  }

  let number: UInt64
  let kind: Kind
  let bytes: [UInt8]
  /// Command lines that read it, each on the file as it was mutated.
  let commands: [[String]]
  /// Where it is written.
  let file: String
  /// Of media: what is damaged, and whether the last command writes nothing.
  let round: MediaDamage.Round?
  let isReading: Bool

  /// The same for the same seed, number and kind; nil for each kind in turn.
  init(seed: UInt64, number: UInt64, of only: Kind?, in workspace: Workspace) throws {
    var mutator = Mutator(SeededGenerator(seed: seed &* 1_000_003 &+ number))
    let kinds = Kind.allCases
    kind = only ?? kinds[Int(number % UInt64(kinds.count))]
    guard kind != .media else {
      let choice = mutator.pick(DamagedMachine.reading + DamagedMachine.changing) ?? ""
      (self.number, bytes, file) = (number, [], "")
      commands = [
        choice.split(separator: " ").map { $0 == "D" ? workspace.damaged.directory : String($0) }
      ]
      isReading = DamagedMachine.reading.contains(choice)
      round = workspace.damaged.round(seed: seed &* 1_000_003 &+ number)
      return
    }
    (round, isReading) = (nil, false)
    guard let text = mutator.pick(workspace.texts[kind] ?? []) else { throw Failure("no text of \(kind)") }
    self.number = number
    bytes = mutator.mutated(text)
    let machine = workspace.machine
    switch kind {
    case .machine, .badBlocks: file = machine + (kind == .machine ? "/machine" : "/badblocks")
    case .runtime: file = machine + "/runtime"
    case .undo: file = machine + "/undo/\(workspace.undoNumber).json"
    default: file = workspace.root + "/input"
    }
    commands = Self.lines(kind, &mutator).map { line in
      line.split(separator: " ").map { word in
        switch word {
        case "M": machine
        case "F": workspace.root + "/input"
        case "OUT": workspace.output
        case "N": workspace.undoNumber
        case "LAYOUT": workspace.root + "/layout"
        default: String(word)
        }
      }
    }
  }

  private static let reading = [
    "status --sim M --json", "status --sim M", "layout export --sim M", "user list --sim M",
    "mapping list --sim M",
    "pin list --sim M", "sim check --sim M", "sim process list --sim M", "sim file list --sim M",
    "sim provider list --sim M", "dax status --sim M", "namespace create --sim M --dry-run",
    "namespace create --sim M --usable 20MiB --mode sector --dry-run", "doctor --sim M", "sim show M",
    "sim qemu M",
    "namespace check --sim M c", "label check --sim M all", "namespace destroy --sim M --force all --dry-run",
  ]

  private static let changing = [
    "sim process stop --sim M 812", "sim process stop --sim M 8", "sim unpin --sim M 7",
    "sim unpin --sim M 1",
    "sim thaw --sim M /srv", "sim dma --sim M 7", "sim touch --sim M 812 dax0.1 --write", "sim crash --sim M",
    "sim truncate --sim M 8 /srv/file --size 1MiB", "sim unbind --sim M 8 namespace0.1",
    "sim fault finish --sim M 1", "sim provider update --sim M far", "sim commit --sim M /srv",
    "sim file remove --sim M /srv/file", "sim umount --sim M /srv", "sim unmap --sim M 812 dax0.1",
    "sim process fork --sim M 8", "sim policy set --sim M page-reference each-get",
    "sim map --sim M 8 /srv/file",
    "sim write --sim M 8 /srv/file", "sim read --sim M 8 /srv/file", "sim writeback --sim M 8 /srv/file",
    "namespace disable --sim M c", "namespace rename --sim M c cc", "region disable --sim M region3",
  ]

  private static func lines(_ kind: Kind, _ mutator: inout Mutator) -> [String] {
    switch kind {
    case .machine, .badBlocks: [mutator.pick(reading) ?? ""]
    case .runtime: [mutator.pick(reading) ?? "", mutator.pick(changing) ?? ""]
    case .inventory: ["sim import OUT --inventory F"]
    case .inventoryPlan: ["layout plan LAYOUT --inventory F"]
    case .layout: [mutator.pick(["layout plan F --sim M", "layout apply F --sim M --check"]) ?? ""]
    case .plan: ["layout apply --plan F --sim M --dry-run"]
    case .scenario:
      [mutator.pick(["sim run F", "sim timeline F", "sim explore F --samples 200 --most 200"]) ?? ""]
    case .undo:
      [mutator.pick(["undo list --sim M", "undo show --sim M N", "undo run --sim M N --dry-run"]) ?? ""]
    case .labels: ["label restore F --sim M --dry-run"]
    case .media: []
    }
  }

  /// What is run on a machine that an inventory made.
  static let onImported = ["status", "layout export"]

  func write() throws { try Data(bytes).write(to: URL(fileURLWithPath: file)) }
}
