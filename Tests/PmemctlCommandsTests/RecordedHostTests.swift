import Foundation
import PmemDevice
import PmemInspect
import PmemOutput
import SystemPackage
import TestSupport
import Testing

@testable import PmemctlCommands

/// Hosts that were recorded in the VM (Tests/VM/record/host.sh): what /proc and /sys showed of the users of their
/// persistent memory, read again, gives what pmemctl said of them then.
@Suite struct RecordedHostTests {
  private final class Recording {
    let directory: TemporaryDirectory
    let inspector: HostInspector
    let inventory: Inventory

    init(_ name: String) throws {
      directory = try TemporaryDirectory()
      let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "Fixtures")
      let tar = Process()
      tar.executableURL = URL(fileURLWithPath: "/bin/tar")
      tar.arguments = ["-C", directory.path, "-xzf", fixtures.appendingPathComponent("\(name).tar.gz").path]
      try tar.run()
      tar.waitUntilExit()
      #expect(tar.terminationStatus == 0)
      let path = directory.path
      func text(_ file: String) throws -> String {
        try String(contentsOfFile: path + "/" + file, encoding: .utf8)
      }
      let threads = try text("threads").split(separator: "\n").compactMap { Int($0) }
      inspector = HostInspector(
        roots: HostRoots(tree: FilePath(path), facts: try text("facts"), unlisted: Set(threads)))
      inventory = try Inventory(parsing: Array(try text("status.json").utf8), file: "status.json")
    }

    /// What was said then: the values of some keys of each thing.
    func said(_ file: String, _ keys: [String]) throws -> [[String]] {
      let data = try Data(contentsOf: URL(fileURLWithPath: directory.path + "/" + file))
      let list = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
      return list.map { entry in keys.map { entry[$0].map { "\($0)" } ?? "-" } }
    }
  }

  private static let names = ["recorded-6.12", "recorded-6.18"]

  private static func values(_ object: JSONObject, _ keys: [String]) throws -> [String] {
    let text = JSON.object(object).text
    let read = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    return keys.map { key in read[key].map { "\($0)" } ?? "-" }
  }

  @Test(arguments: names) func mappingsAreReadAgain(name: String) throws {
    let recording = try Recording(name)
    let keys = [
      "pid", "comm", "start", "end", "path", "offset", "device", "namespaces", "protection", "shared", "sync",
      "locked",
    ]
    let found = try recording.inspector.mappings(recording.inventory, pid: nil).mappings
    // What only a living kernel tells (whether a file is DAX, where it is, which pages are there) is left out.
    let said = try recording.said("mappings.json", keys)
    #expect(try found.map { try Self.values($0.json, keys) } == said)
    #expect(said.count == 7)
  }

  @Test(arguments: names) func usersAreReadAgain(name: String) throws {
    let recording = try Recording(name)
    let keys = ["namespace", "kind", "pid", "comm", "path", "size", "effect"]
    let report = recording.inspector.usage(recording.inventory, of: recording.inventory.namespaces)
    #expect(try report.uses.map { try Self.values($0.json, keys) } == recording.said("users.json", keys))
    // A recording has no memory of the kernel: what only that shows is missing.
    #expect(report.missing.map(\.part) == [.opens, .pins])
  }

  @Test func aRecordingCannotBeAskedAsAKernelCan() throws {
    let recording = try Recording(Self.names[0])
    for interface in [MappingInterface.bpf, .query] {
      #expect(throws: DeviceError.self) {
        try recording.inspector.mappings(recording.inventory, pid: nil, interface: interface)
      }
    }
  }
}
