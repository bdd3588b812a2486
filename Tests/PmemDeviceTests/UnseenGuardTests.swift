import PmemDevice
import Testing

/// An inspection that could not look everywhere cannot report that there is no user.
@Suite struct UnseenGuardTests {
  private static let inventory = Machines.inventory(Machines.region(taken: [(0, 64)]))
  private static let namespace = "namespace0.1"
  private static let opens = Unseen(
    .opens, "openers could not be counted: no CAP_BPF", remedy: "run it as root", isDecisive: true)
  private static let pins = Unseen(.pins, "pins could not be read", isDecisive: true)

  private func disabling(
    _ missing: [Unseen], users: [Usage] = [], accepting accepted: AcceptedDangers = []
  ) throws(DeviceError) -> Plan {
    let backend = ScriptedBackend()
    backend.missing = missing
    backend.users = [Self.namespace: users]
    let inventory = Self.inventory
    return try NamespaceStatePlanner(inventory, inspector: backend, contents: nil, accepting: accepted)
      .disable(inventory.namespaces.filter { $0.dev == Self.namespace })
  }

  @Test func blindnessThatDecidesIsNotPermission() throws {
    for missing in [[Self.opens], [Self.pins], [Self.opens, Self.pins]] {
      for accepted in [[], AcceptedDangers.breakMappings, [.discardContent, .discardOrphanPins]] {
        let error = try #require(throws: DeviceError.self) { _ = try disabling(missing, accepting: accepted) }
        #expect(error.code == .permission)
        #expect(missing.allSatisfy { error.details.contains($0.reason) })
        #expect(error.details.contains { $0.contains("--assume-unused") })
        #expect(error.details.contains("nothing was changed"))
      }
    }
  }

  /// `label repair` and `label recover` have none of the flags.
  @Test func aVerbWithoutFlagsNamesNone() throws {
    let mapping = Usage(
      kind: .mapping, namespace: Self.namespace, path: RawText("/dev/dax0.1"),
      process: ProcessName(pid: 812, command: RawText("qemu")), bytes: 4096, effect: .sigbus,
      advice: "stop process 812")
    for (missing, users) in [([Self.opens], []), ([], [mapping])] {
      let backend = ScriptedBackend()
      backend.missing = missing
      backend.users = [Self.namespace: users]
      let dimm = try #require(Self.inventory.dimms.first)
      for accepted in [nil, AcceptedDangers()] {
        let planner = LabelPlanner(
          Self.inventory, inspector: backend, contents: nil, accepting: accepted)
        let error = try #require(throws: DeviceError.self) {
          _ = try planner.repair([(dimm, [])], fixes: [], verb: "recover")
        }
        #expect(error.summary.contains("recover the labels of nmem0"))
        #expect(error.details.contains { $0.contains("--") } == (accepted != nil), "\(error.details)")
      }
    }
  }

  @Test func theFlagForItIsConfirmedLikeAnyHarm() throws {
    let plan = try disabling([Self.opens], accepting: .assumeUnused)
    #expect(plan.harmsUsers)
    #expect(plan.warnings.contains(Self.opens.text))
  }

  @Test func blindnessThatDecidesNothingIsNamed() throws {
    let missing = Unseen.hidden(processes: 3)
    let plan = try disabling([missing])
    #expect(plan.warnings.contains(missing.text) && !plan.harmsUsers)
  }

  /// A user who is seen is a refusal, whatever else is not seen.
  @Test func aUserIsInTheWayFirst() throws {
    let use = Usage(
      kind: .unseen, namespace: Self.namespace,
      path: RawText("/dev/pmem0"), effect: .errors, advice: "find it")
    for accepted in [[], AcceptedDangers.assumeUnused] {
      let error = try #require(throws: DeviceError.self) {
        _ = try disabling([Self.opens], users: [use], accepting: accepted)
      }
      #expect(error.code == .refused)
    }
  }

  /// Memory in use whose pins are not known may be pinned: no flag takes that away.
  @Test func whatMayBePinnedIsNotTakenFromItsUser() throws {
    let use = Usage(
      kind: .mapping, namespace: Self.namespace,
      path: RawText("/dev/pmem0"), effect: .sigbus, advice: "stop it")
    let error = try #require(throws: DeviceError.self) {
      _ = try disabling([Self.pins], users: [use], accepting: [.breakMappings, .assumeUnused])
    }
    #expect(error.code == .refused)
  }
}
