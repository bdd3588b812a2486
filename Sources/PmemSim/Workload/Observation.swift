import PmemDevice
public import PmemModel

/// Something that is so on a machine at a moment, in a few words; two moments are compared by them.
public struct Observation: Hashable, Sendable {
  /// Whose it is.
  public enum Owner: Hashable, Sendable {
    case process(Int)
    case device
    case filesystem
  }

  public let owner: Owner
  /// The subject: `/mnt/a`, `namespace0.0 referenced`.
  public let subject: String
  public let value: String

  /// The differences: new values, and `gone`.
  public static func changes(from before: [Observation], to after: [Observation]) -> [Observation] {
    let old = Set(before)
    let subjects = Set(after.map { "\($0.owner) \($0.subject)" })
    return after.filter { !old.contains($0) }
      + before.filter { !subjects.contains("\($0.owner) \($0.subject)") }.map {
        Observation(owner: $0.owner, subject: $0.subject, value: "gone")
      }
  }
}

extension SimWorkload {
  /// Everything of note.
  public var facts: [Observation] { processFacts + deviceFacts + filesystemFacts }

  private var processFacts: [Observation] {
    machine.kernel.model.state.processes.flatMap { process -> [Observation] in
      var facts = [
        Observation(owner: .process(process.pid.rawValue), subject: "runs", value: process.command)
      ]
      if let reason = wait(of: process.pid.rawValue) {
        facts.append(Observation(owner: .process(process.pid.rawValue), subject: "waits", value: reason))
      }
      let mapped = process.mappings.reduce(0) { $0 + $1.length }
      if mapped > 0 {
        facts.append(
          Observation(owner: .process(process.pid.rawValue), subject: "maps", value: "\(ByteCount(mapped))"))
      }
      for pin in machine.kernel.model.state.pins where pin.pid == process.pid {
        facts.append(
          Observation(
            owner: .process(process.pid.rawValue), subject: "pin \(pin.id)",
            value:
              "\(pin.kind.rawValue), \(ByteCount(pin.length))\(pin.isDangling ? ", of pages whose dev_pagemap is gone" : "")"
          ))
      }
      return facts
    }
  }

  private var deviceFacts: [Observation] {
    var facts: [Observation] = []
    for (region, state) in machine.kernel.nvdimm.regions.enumerated() {
      for namespace in state.namespaces where namespace.size > 0 {
        let name = "namespace\(region).\(namespace.id)"
        let pages = machine.kernel.model.state.pages(DeviceID(region: region, namespace: namespace.id))
        facts.append(
          Observation(
            owner: .device, subject: name,
            value: !namespace.isEnabled ? "disabled" : pages.isDying ? "being removed" : "enabled"))
        let count = pages.references.runs.reduce(0) { $0 + $1.range.count }
        if count > 0 {
          facts.append(
            Observation(owner: .device, subject: "\(name) referenced", value: counted(count, "page")))
        }
      }
    }
    for freeze in machine.kernel.model.state.freezes {
      facts.append(
        Observation(
          owner: freeze.isFilesystem ? .filesystem : .device, subject: "\(freeze.volume.word) frozen",
          value: "\(freeze.stores) stores since"))
    }
    for provider in machine.kernel.model.state.providers {
      facts.append(
        Observation(
          owner: .device, subject: provider.name,
          value:
            "\(provider.present.length / 4096) of \(provider.pages) pages there, slept \(provider.sleeps) times"
        ))
    }
    return facts
  }

  private var filesystemFacts: [Observation] {
    machine.kernel.model.state.filesystems.filter(\.isLive).flatMap { filesystem -> [Observation] in
      var facts = filesystem.files.map { file in
        Observation(
          owner: .filesystem, subject: SimUsage.path(file, on: filesystem).text,
          value:
            "\(ByteCount(file.size)) in \(ByteCount(file.allocated)) of blocks")
      }
      let kept = filesystem.held.length
      if kept > 0 {
        facts.append(
          Observation(owner: .filesystem, subject: "held", value: "\(ByteCount(kept)) of freed blocks"))
      }
      if !filesystem.uncommitted.isEmpty {
        facts.append(
          Observation(
            owner: .filesystem, subject: "uncommitted",
            value: "\(ByteCount(filesystem.uncommitted.length)) of freed blocks"))
      }
      return facts
    }
  }

  /// Processes that wait.
  public var waiting: [Int] { machine.kernel.model.state.blockedTasks.map(\.pid.rawValue) }

  /// Processes that cannot continue, and why; in the order in which they were blocked.
  public var blockedTasks: [(pid: ProcessID, reason: String)] {
    machine.kernel.storedModel.state.blockedTasks.map { ($0.pid, $0.reason) }
  }
}
