import PmemDevice
import PmemMedia

/// The devices that a change touched, before and after it.
struct UndoRecord: Hashable {
  enum State: String {
    /// The change was not completed: it was cut short, or is running.
    case begun
    case done
    /// It was undone, or what was done of it was reverted.
    case undone
  }

  /// Counts from 1.
  var id: Int
  /// Seconds since 1970, UTC.
  var time: UInt64
  /// The change: `destroy namespace0.0 "db"`.
  var title: String
  var state: State
  /// The number of the record that this change undid; nil for any other change.
  var undoes: Int?
  /// The steps of the plan, in words.
  var steps: [String]
  var scope: ChangeScope
  var before: MachineState
  /// Labels and namespaces as the change left them; nil while it is not completed, and in records of version 1.
  var after: MachineState?
  /// Nodes that the change created again, with their old settings; nil if it created none, on a simulated machine, and
  /// in records of earlier versions.
  var nodes: SavedNodes?

  /// - Parameters:
  ///   - plan: Of the change.
  ///   - inventory: That the plan was made from.
  ///   - backend: Its label areas are read.
  ///   - time: Seconds since 1970.
  /// - Throws: The error of reading labels.
  init(
    of plan: Plan, from inventory: Inventory, on backend: any DeviceBackend, time: UInt64
  ) throws(DeviceError) {
    id = 0
    self.time = time
    title = plan.title
    state = .begun
    steps = plan.entries.map(\.text)
    scope = ChangeScope(of: plan, from: inventory)
    before = try MachineState(of: &scope, in: inventory, on: backend)
  }

  init(
    id: Int, time: UInt64, title: String, state: State, undoes: Int?, steps: [String], scope: ChangeScope,
    before: MachineState, after: MachineState?, nodes: SavedNodes? = nil
  ) {
    self.id = id
    self.time = time
    self.title = title
    self.state = state
    self.undoes = undoes
    self.steps = steps
    self.scope = scope
    self.before = before
    self.after = after
    self.nodes = nodes
  }

  /// Keeps what the plan overwrites.
  ///
  /// - Parameter saved: Pieces of namespaces, by their kernel names when the plan was made, or by UUID.
  mutating func keep(_ saved: SavedMedia) {
    for index in before.namespaces.indices {
      let namespace = before.namespaces[index]
      let pieces = saved.pieces(of: namespace.dev) + saved.pieces(of: namespace.stableName)
      before.namespaces[index].pieces = Set(
        pieces.map { NamespaceState.Piece(offset: $0.offset, bytes: $0.bytes) }
      ).sorted { $0.offset < $1.offset }
    }
  }

  /// Whether two changes touched the same namespaces, areas or devices.
  func overlaps(_ other: UndoRecord) -> Bool {
    !scope.uuids.isDisjoint(with: other.scope.uuids)
      || !scope.namespaces.isDisjoint(with: other.scope.namespaces)
      || !scope.areas.isDisjoint(with: other.scope.areas)
      || !scope.regions.isDisjoint(with: other.scope.regions)
  }

  /// Whether there is something to undo once the change is completed: it wrote to media, or CXL regions came or went.
  var isUndoable: Bool {
    !scope.cxl.isEmpty || before.dimms.contains { $0.labels != nil }
      || before.namespaces.contains { !$0.pieces.isEmpty }
  }
}
