/// Finds an order in which namespaces fit into a region.
///
/// The kernel takes the first hole that is large enough (namespace_devs.c:scan_allocate), so the order decides whether
/// all fit. Tried are: as written, the largest first, the smallest first, each of those with alignment constraints
/// first, then every order if there are few, and some thousands of shuffles if there are many. A namespace that takes
/// the rest comes last.
struct LayoutPacking {
  private let machine: VirtualInventory
  private let region: Int

  init(_ machine: VirtualInventory, region: Int) {
    self.machine = machine
    self.region = region
  }

  /// Orders of so many are all tried.
  private static let few = 6
  private static let shuffles = 2000
  /// How many namespaces are planned at most, in all orders together; each order that is begun is tried to its end.
  private static let budget = 20_000

  struct Packed {
    var plans: [(layout: NamespaceLayout, plan: NamespaceCreatePlan)]
    var machine: VirtualInventory
  }

  /// - Parameter wanted: All of this region.
  /// - Returns: The plans in an order that works, and the machine after them.
  /// - Throws: Of the order that got furthest, why the next did not fit.
  func pack(_ wanted: [NamespaceLayout]) throws(DeviceError) -> Packed {
    let rest = wanted.filter { $0.amount == .max }
    let fixed = wanted.filter { $0.amount != .max }
    var best: (done: Int, error: DeviceError)?
    var spent = 0
    for order in orders(fixed) {
      guard spent < Self.budget else { break }
      spent += order.count
      let (packed, error) = attempt(order + rest)
      guard let error else { return packed }
      if packed.plans.count > best?.done ?? -1 { best = (packed.plans.count, error) }
      // An error of a single namespace is an error in every order.
      if error.errno != 28 { break }
    }
    var error = best?.error ?? DeviceError(.failed, "nothing fits")
    if fixed.count > 1 {
      error.details.append("\(best?.done ?? 0) of \(wanted.count) fit in the best order that was found")
    }
    throw error
  }

  private func attempt(_ order: [NamespaceLayout]) -> (Packed, DeviceError?) {
    var packed = Packed(plans: [], machine: machine)
    for layout in order {
      do throws(DeviceError) {
        guard let plan = try plan(layout, on: packed.machine) else { continue }
        packed.machine.add(plan.proposal, name: layout.name, uuid: plan.uuid)
        packed.plans.append((layout, plan))
      } catch {
        return (packed, error.about(layout))
      }
    }
    return (packed, nil)
  }

  /// In a function of its own, so that no copy of the region is left when the machine changes.
  private func plan(
    _ layout: NamespaceLayout, on machine: VirtualInventory
  ) throws(DeviceError) -> NamespaceCreatePlan? {
    guard let region = machine.region(region) else { return nil }
    return try NamespaceCreatePlanner(
      layout.request(on: region), inventory: machine.inventory, extents: machine.extents
    ).plan()
  }

  private func orders(_ wanted: [NamespaceLayout]) -> [[NamespaceLayout]] {
    let bySize = wanted.sorted { weight($0) > weight($1) }
    let byAlign = bySize.sorted { $0.align ?? 0 > $1.align ?? 0 }
    let first = [wanted, bySize, Array(bySize.reversed()), byAlign, Array(byAlign.reversed())]
    guard wanted.count > 1 else { return [wanted] }
    guard wanted.count > Self.few else { return first + Self.permutations(wanted) }
    var state: UInt64 = 0x9e37_79b9_7f4a_7c15
    var shuffled: [[NamespaceLayout]] = []
    for _ in 0..<min(Self.shuffles, Self.budget / wanted.count) {
      var order = wanted
      for index in order.indices.dropFirst() {
        // splitmix64's multiplier is enough for a shuffle; the same every time.
        state = state &* 0xbf58_476d_1ce4_e5b9 &+ 1
        order.swapAt(index, Int(state >> 33) % (index + 1))
      }
      shuffled.append(order)
    }
    return first + shuffled
  }

  private func weight(_ layout: NamespaceLayout) -> UInt64 {
    switch layout.amount {
    case .bytes(let size): size.rawValue
    case .percent(let share): (machine.region(region)?.size.rawValue ?? 0) / 100 * UInt64(share)
    case .max: .max
    }
  }

  private static func permutations(_ items: [NamespaceLayout]) -> [[NamespaceLayout]] {
    guard items.count > 1 else { return [items] }
    return items.indices.flatMap { index -> [[NamespaceLayout]] in
      var rest = items
      let item = rest.remove(at: index)
      return permutations(rest).map { [item] + $0 }
    }
  }
}

extension DeviceError {
  /// The same for a namespace that a layout wants: wrong usage on a command line is wrong input in a file.
  func about(_ layout: NamespaceLayout) -> DeviceError {
    var error = self
    if code == .usage {
      error.code = .corrupt
      error.summary = "\(layout.position.text): \(layout.title): \(summary)"
    } else {
      error.details.insert("\(layout.position.text): \(layout.title)", at: 0)
    }
    return error
  }
}
